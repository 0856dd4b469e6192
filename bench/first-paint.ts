/** How soon the largest chart is on the screen: its run is served, and opened in headless Chromium. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { JsonMap } from "../src/base/json.js";
import { startBrowser } from "../test/support/browser.js";
import { largePipeline } from "../test/visualize/charts.js";
import { journal, START, treeOf, writeRun } from "../test/visualize/runs.js";

/** The run that is shown: 193 actions with all that a run leaves. */
function writeLargeRun(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const pipeline = largePipeline();
  const header = { ...(journal()[0] as JsonMap), tree: treeOf(pipeline.actions) as never };
  const verdict = { kind: "verdict", seq: 1, t: START + 26_000, verdict: { result: "pass", further: [] } };
  return writeRun(join(folder, "large-run"), { pipeline, records: [header, verdict] });
}

/** Milliseconds from asking for the page until the chart is painted. */
async function paintedAfter(browser: Browser, url: string): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(`window.painted = new Promise((resolve) => {
    const look = () => requestAnimationFrame(document.querySelector(".react-flow__node")
      ? () => setTimeout(() => resolve(performance.now())) : look);
    look();
  })`);
  await page.goto(url);
  const time = Number(await page.evaluate("window.painted"));
  await page.close();
  return time;
}

export interface Painted {
  /** From asking for the page, ms. */
  page: number;
  /** From starting `lava-dispatch visualize`, ms. */
  command: number;
}

/** A server for each round, and a browser that knows nothing yet: the first page of both counts. */
export async function measure({ folder = ".cache/bench", rounds = 5 } = {}): Promise<Painted[]> {
  const run = writeLargeRun(folder);
  const times: Painted[] = [];
  for (let round = 0; round < rounds; round++) {
    const browser = await startBrowser();
    const begun = performance.now();
    const server = spawn(process.execPath, ["dist/lava-dispatch.js", "visualize", run], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      let said = "";
      while (!/http:\S+\s/.test(said)) said += String((await once(server.stdout, "data"))[0]);
      const page = await paintedAfter(browser, /http:\S+/.exec(said)?.[0] ?? "");
      times.push({ page, command: performance.now() - begun });
    } finally {
      server.kill("SIGINT");
      await browser.close();
    }
  }
  return times;
}

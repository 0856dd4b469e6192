/** Parts that run inside this process: TypeScript benches, bundled first. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { importSource } from "../scripts/lib/import-source.mjs";
import { CACHE, ROOT } from "../scripts/lib/paths.mjs";

import { goal } from "./goals.mjs";

/** Bundles a TypeScript file of this folder and imports it. */
export const importBench = (name) =>
  importSource(join(CACHE, "bench"), name, { entryPoints: [join(ROOT, "bench", `${name}.ts`)] });

export async function measureActions() {
  const { measure } = await importBench("actions");
  await measure(); // warms up
  const runs = [];
  for (let round = 0; round < 5; round++) runs.push(await measure());
  const best = runs.reduce((a, b) => (a.perAction <= b.perAction ? a : b));
  return {
    rows: runs.map((run, index) => ({
      round: index + 1,
      actions: run.actions,
      "compile ms": run.compile,
      "run ms": run.run,
      "ms an action": run.perAction,
    })),
    goals: [
      goal(
        "a 200-action job, compiled and run",
        `${best.perAction.toFixed(3)} ms an action`,
        "under 1 ms",
        best.perAction < 1,
      ),
    ],
  };
}

/** bench/console.ts gives `measure({peer})` -> {rows, goals}. */
export async function measureConsole({ peer }) {
  if (!existsSync(join(ROOT, "bench/console.ts")))
    return { rows: [], goals: [goal("console", "bench/console.ts is missing")] };
  const { measure } = await importBench("console");
  return measure({ peer });
}

/** test/recordings and a job of 40 minutes, replayed: bench/replay.ts. */
export async function measureReplay({ work, rounds }) {
  const { measure } = await importBench("replay");
  return measure({ work, ...(rounds && { rounds }) });
}

/** The statechart of 193 actions, laid out (bench/layout.ts) and on the screen (bench/first-paint.ts). */
export async function measureLayout({ rounds }) {
  const { measure } = await importBench("layout");
  const { cold, rows } = await measure({ ...(rounds && { rounds }) });
  const first = rows[0]["layout ms"];
  return {
    rows,
    goals: [
      goal(
        "the largest chart as it opens, laid out",
        `${first.toFixed(0)} ms (cold: ${cold.toFixed(0)} ms)`,
        "under 1000 ms",
        first < 1000,
      ),
      ...(await firstPaint(rounds)),
    ],
  };
}

async function firstPaint(rounds) {
  const text = "the largest chart on the screen of headless Chromium";
  if (!existsSync("/usr/bin/chromium")) return [goal(text, "Chromium is missing: npm run setup")];
  const { measure } = await importBench("first-paint");
  const times = await measure({ ...(rounds && { rounds }) });
  const line = (what, name) => {
    const sorted = times.map((each) => each[name]).sort((a, b) => a - b);
    const worst = sorted.at(-1);
    const value = `${sorted[sorted.length >> 1].toFixed(0)} ms, at worst ${worst.toFixed(0)} ms`;
    return name === "page"
      ? goal(`${text}, from ${what}`, value, "under 2000 ms", worst < 2000)
      : goal(`${text}, from ${what}`, value);
  };
  return [line("asking for the page", "page"), line("starting the command", "command")];
}

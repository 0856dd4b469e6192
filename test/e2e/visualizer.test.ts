/** The page in a real browser: what a job becomes, what a run did, what it does now. */
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import {
  keepPicture,
  type OpenPage,
  openPage,
  type PageOptions,
  startBrowser,
  whyNoBrowser,
} from "../support/browser.js";
import { adaptJob } from "../support/real-board.js";
import { type RunningCli, runCli, startCli, until } from "../support/run-cli.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { largePipeline } from "../visualize/charts.js";
import { CONSOLE, journal, START, treeOf, writeRun } from "../visualize/runs.js";

const folder = makeWorkspace();
let browser: Browser;
const started: RunningCli[] = [];
const opened: OpenPage[] = [];
if (whyNoBrowser) console.warn(`The browser tests are skipped: ${whyNoBrowser}.`);
beforeAll(async () => {
  if (!whyNoBrowser) browser = await startBrowser();
});
beforeEach((context) => context.skip(whyNoBrowser !== undefined, whyNoBrowser));
afterEach(async () => {
  const complaints = opened.flatMap((each) => each.complaints);
  for (const { page } of opened.splice(0)) await page.close();
  for (const { child, done } of started.splice(0)) {
    child.kill("SIGINT");
    await done;
  }
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  removeWorkspace(folder);
});

/** What comes to hold: the machine may be busy. */
const soon = <T>(value: () => T | Promise<T>) => expect.poll(value, { timeout: 120_000 });

/** Starts `visualize` and gives its address. */
async function serve(...words: string[]): Promise<string> {
  const running = startCli(["visualize", ...words]);
  started.push(running);
  let text = "";
  running.child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  await until("the address of the page", running, () => /http:\S+/.test(text));
  return /http:\S+/.exec(text)?.[0] ?? "";
}
async function open(url: string, options: PageOptions = {}): Promise<Page> {
  const one = await openPage(browser, url, options);
  opened.push(one);
  return one.page;
}
const node = (page: Page, label: string) => page.locator(".node", { has: page.locator(`strong:text-is("${label}")`) });
const state = (page: Page, id: string) => page.locator(`.node[data-id="${id}"]`);
const terminalText = (page: Page) =>
  page
    .locator(".xterm-rows")
    .innerText()
    .then((text) => text.replaceAll("\u00a0", " "));
const seek = (page: Page, seconds: number, all: number) =>
  page.locator(".strip input").evaluate((input: { value: string; dispatchEvent(event: object): void }, part) => {
    // What a pointer does: React listens to the setter of the class.
    const { Event, HTMLInputElement } = globalThis as unknown as {
      Event: new (name: string, options: object) => object;
      HTMLInputElement: { prototype: object };
    };
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, String(part));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, seconds / all);

describe("a job that was not run", () => {
  const words = ["--device", inRoot("device-configs/devices/qemu-arm64-uboot.yaml"), inRoot("jobs/uboot-arm64.yaml")];

  test("is drawn: boxes in boxes, opened, closed, found, and read with the keys", async () => {
    const page = await open(await serve(...words));
    await keepPicture(page, "static");
    expect(await page.locator(".scrubber, .dock").count()).toBe(0);
    await soon(() => node(page, "tftp-deploy").count()).toBe(1);

    await page.keyboard.press("/");
    await page.keyboard.type("login-ac");
    expect(await page.locator(".found button").first().innerText()).toMatch(/^2.4.4.1 login-action/);
    await page.keyboard.press("Enter");
    const login = node(page, "login-action");
    await soon(() => login.count()).toBe(1);
    expect(await login.getAttribute("class")).toContain("selected");
    const side = page.locator(".side-body");
    expect(await side.innerText()).toMatch(/login-action[\s\S]*Where its timeout comes from/);
    await soon(() => page.locator(".kind-watch").count()).toBe(0);

    await page.locator(".chart").focus();
    await page.keyboard.press("Enter");
    await soon(() => page.locator(".kind-watch").count()).toBe(1);
    await soon(() => page.locator(".edge-label").allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^prompt /)]),
    );
    for (const kind of ["prompt", "failure", "timeout", "watcher", "retry", "next"])
      expect(await page.locator(`path.edge-${kind}`).count()).toBeGreaterThan(0);
    await keepPicture(page, "static-dialogue");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator(".node.selected").count()).toBe(1);

    await page.keyboard.press("c");
    await soon(() => node(page, "login-action").count()).toBe(0);
    await soon(() => node(page, "uboot-action").getAttribute("class")).not.toContain("open");
    await page.getByRole("button", { name: "Open uboot-action" }).click();
    await soon(() => node(page, "uboot-commands").count()).toBe(1);
  });

  test("shows where each timeout comes from, and the line of the YAML", async () => {
    const page = await open(await serve(...words), { dark: true });
    await page.getByRole("tab", { name: "Timeouts" }).click();
    expect(await page.locator(".side table tr").count()).toBeGreaterThan(40);
    await page.getByRole("button", { name: "2 uboot-action" }).click();
    await page.getByRole("tab", { name: "State" }).click();
    await page.locator(".side-body .link", { hasText: "uboot-arm64.yaml" }).first().click();
    const marked = page.locator(".source .marked");
    expect(await marked.innerText()).toMatch(/boot|method/);
    await keepPicture(page, "static-yaml-dark");
  });

  test("works on a phone", async () => {
    const page = await open(await serve(...words), { width: 390, height: 780 });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow).toBe(0);
    await keepPicture(page, "phone-chart");
    await page.getByRole("tab", { name: "Inspector" }).click();
    expect(await page.locator(".side").isVisible()).toBe(true);
    expect(await page.locator(".chart").isVisible()).toBe(false);
  });
});

describe("a run that is over", () => {
  const all = 26;
  test("time travel: states, console, log, data and errors of any moment", async () => {
    const page = await open(await serve(writeRun(join(folder, "over"))));
    await soon(() => page.locator(".badge").first().innerText()).toContain("Infrastructure");
    expect(await page.locator("h1").innerText()).toBe("a <b>bold</b> job");
    await soon(() => node(page, "boot").getAttribute("class")).toContain("is-failed");
    expect(await page.locator(".error").first().innerText()).toContain("the board printed nothing");
    await keepPicture(page, "time-travel-end");

    await seek(page, 2.5, all);
    await soon(() => state(page, "working.1_deploy.retrying").getAttribute("class")).toContain("is-active");
    expect(await node(page, "boot").getAttribute("class")).toContain("is-idle");
    expect(await terminalText(page)).not.toContain("U-Boot");
    await seek(page, 4.6, all);
    await soon(() => terminalText(page)).toContain("U-Boot 2023.01");
    expect(await terminalText(page)).not.toContain("red");
    await seek(page, 9, all);
    await soon(() => terminalText(page)).toContain("last line");
    const said = await terminalText(page);
    expect(said).toContain('<script>window.hacked = 1</script> <img src=x onerror="window.hacked = 2">');
    expect(said).toContain("booting ünïcode");
    const length = CONSOLE.reduce((sum, [, kind, text]) => sum + (kind === "o" ? text.length : 0), 0);
    expect(await page.locator(".console").getAttribute("data-position")).toBe(String(length));
    await seek(page, 7, all);
    await soon(() => terminalText(page)).not.toContain("last line");

    await page.getByRole("tab", { name: "Data" }).click();
    expect(await page.locator(".side-body").innerText()).toMatch(/downloads[\s\S]*kernel[\s\S]*42/);
    await page.getByRole("tab", { name: "Log" }).click();
    await page.locator(".log-line", { hasText: "login timed out" }).click();
    expect(await page.locator(".scrubber .now b").innerText()).toBe("0:24.0");
    await page.getByRole("tab", { name: "State" }).click();
    await page.locator(`strong:text-is("boot")`).click();
    await page.locator(".attempts .link").first().click();
    expect(await page.locator(".scrubber .now b").innerText()).toBe("0:04.0");
    await page.keyboard.press("[");
    expect(await page.locator(".scrubber .now b").innerText()).toBe("0:03.0");

    // Nothing that a board or a job said was taken for a part of the page.
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(await page.title()).toBe("a <b>bold</b> job – lava-dispatch");
    expect(await page.locator("h1 b, .terminal img, .terminal script, .log img, .log script").count()).toBe(0);
  });

  test("plays", async () => {
    const page = await open(await serve(writeRun(join(folder, "plays"))), { dark: true });
    await page.keyboard.press("Home");
    await page.getByLabel("Speed").selectOption("16");
    await page.keyboard.press("p");
    await soon(() => node(page, "login").getAttribute("class")).toContain("is-active");
    await keepPicture(page, "playing-dark");
    await soon(() => page.locator(".scrubber .now b").innerText()).toBe("0:26.0");
    await soon(() => page.getByRole("button", { name: "Play (p)" }).count()).toBe(1);
  });

  test("without a chart of its own it shows the actions", async () => {
    const page = await open(await serve(writeRun(join(folder, "bare"), { chart: false })));
    expect(await page.locator(".badge").allInnerTexts()).toContain("actions only");
    await seek(page, 10, all);
    await soon(() => node(page, "login").getAttribute("class")).toContain("is-active");
  });

  test("a chart that was lost is built again from the job and the device that stand there; not from others", async () => {
    const directory = join(folder, "lost");
    const recording = inRoot("test/recordings/qemu-x86_64");
    expect((await runCli(["replay", "--output-dir", directory, recording])).code).toBe(0);
    rmSync(join(directory, "chart.json"));
    rmSync(join(directory, "explain.json"));
    const badges = async () => {
      const page = await open(await serve(directory));
      await soon(() => page.locator(".badge").first().innerText()).toContain("pass");
      const shown = await page.locator(".badge").allInnerTexts();
      return { page, shown };
    };
    expect((await badges()).shown).toContain("actions only");
    for (const file of ["job.yaml", "device.yaml"]) cpSync(join(recording, file), join(directory, file));
    const { page, shown } = await badges();
    expect(shown).not.toContain("actions only");
    await page.getByRole("tab", { name: "Timeouts" }).click();
    expect(await page.locator(".side table tr").count()).toBeGreaterThan(10);
    const report = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Report" }).click();
    expect(await (await report).locator("#log").count()).toBe(1);
    cpSync(inRoot("test/recordings/uboot-arm64/job.yaml"), join(directory, "job.yaml"));
    expect((await badges()).shown).toContain("actions only");
  });

  test("one file shows the same, and asks for nothing", async () => {
    const file = join(folder, "run.html");
    const { code, stderr } = await runCli(["visualize", "--html", file, writeRun(join(folder, "one-file"))]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const page = await open(pathToFileURL(file).href);
    await seek(page, 9, all);
    await soon(() => terminalText(page)).toContain("last line");
    await soon(() => node(page, "boot").count()).toBe(1);
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    await keepPicture(page, "one-file");
  });
});

test("a recording is replayed and shown: the panic, what was tried again, the arrow that was taken", async () => {
  const page = await open(await serve(inRoot("test/recordings/panic")));
  await soon(() => page.locator(".badge").first().innerText()).toContain("Job");
  expect(await page.locator(".error").first().innerText()).toContain("Kernel panic - not syncing");
  await page.locator(".error .link", { hasText: "login-action" }).first().click();
  await soon(() => node(page, "login-action").getAttribute("class")).toContain("selected");
  await page.keyboard.press("Escape");
  await soon(() => terminalText(page)).toContain("end Kernel panic");
  expect(await node(page, "uboot-action").locator(".again").innerText()).toBe("2 of 2");
  await page.keyboard.press("Home");
  await page.getByRole("button", { name: "Follow what is active" }).click();
  await page.getByRole("tab", { name: "Results" }).click();
  const results = page.locator(".results li");
  expect(await results.count()).toBeGreaterThan(3);
  // Validation may be over in the run's first moment.
  expect(await page.locator(".results li.later").count()).toBeGreaterThanOrEqual((await results.count()) - 1);
  for (let i = 0; i < 60 && (await page.locator("path.taken").count()) === 0; i++) await page.keyboard.press("]");
  await soon(() => page.locator("path.taken").count()).toBeGreaterThan(0);
  await keepPicture(page, "recording");
});

test("two boards: their consoles together, and each alone", async () => {
  const page = await open(await serve(inRoot("test/recordings/two-machines")));
  await soon(() => terminalText(page)).toContain("the left one speaks 3");
  await page.getByLabel("Which console").selectOption("right");
  await soon(() => terminalText(page)).toContain("<LAVA_SIGNAL_ENDTC wait>");
  expect(await terminalText(page)).not.toContain("the left one speaks");
  await keepPicture(page, "two-boards");
  await page.getByLabel("Which console").selectOption("left");
  await soon(() => terminalText(page)).toContain("the left one speaks 3");
});

test("the inspector's protocol, over a WebSocket of the page's own address", async () => {
  const url = await serve(writeRun(join(folder, "inspected")));
  const page = await open(url);
  const types = await page.evaluate(`new Promise((resolve, reject) => {
    const socket = new WebSocket("ws://" + location.host + "/inspect");
    const types = [];
    socket.onmessage = ({ data }) => types.push(JSON.parse(data).type) > 2 && resolve(types.slice(0, 3));
    socket.onerror = () => reject(new Error("refused"));
  })`);
  expect(types).toEqual(["@xstate.actor", "@xstate.event", "@xstate.snapshot"]);
});

test("report.html: one page without scripts, its links lead into the log, its choices hide lines", async () => {
  const directory = writeRun(join(folder, "report"));
  expect((await runCli(["report", "-q", directory])).code).toBe(0);
  const page = await open(pathToFileURL(join(directory, "report.html")).href, { ready: "#log" });
  await keepPicture(page, "report");
  expect(await page.locator(".verdict").innerText()).toContain("login timed out after 20 seconds");
  await page.locator(".fall a", { hasText: "2.1 login" }).click();
  const target = page.locator(".log div:target");
  expect(await target.innerText()).toContain("start: 2.1 login");
  expect(await target.isVisible()).toBe(true);
  const said = page.locator(".log .target", { hasText: "<script>window.hacked = 1</script>" });
  expect(await said.count()).toBe(1);
  await page.getByLabel("problems").check();
  expect(await said.isVisible()).toBe(false);
  expect(await page.locator(".log .failed").first().isVisible()).toBe(true);
  expect(await page.evaluate("window.hacked")).toBeUndefined();
  await keepPicture(page, "report-log");

  const phone = await open(pathToFileURL(join(directory, "report.html")).href, {
    ready: "#log",
    width: 390,
    height: 780,
    dark: true,
  });
  expect(await phone.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
  await keepPicture(phone, "phone-report");
});

test("the first drawing comes with the page: it waits for no layouter", async () => {
  const url = await serve(writeRun(join(folder, "laid-out")));
  const file = join(folder, "laid-out.html");
  expect((await runCli(["visualize", "--html", file, join(folder, "laid-out")])).code).toBe(0);
  const page = await open(url, { without: "**/elk-worker.js" });
  opened.pop(); // it complains of the layouter
  await soon(() => node(page, "boot").getAttribute("class")).toContain("is-failed");
  await page.close();
  expect(readFileSync(file, "utf8")).toContain('id="embedded-layout"');
});

test("193 actions: readable at first, all of them when asked, found by name", async () => {
  const pipeline = largePipeline();
  const records = journal();
  const header = { ...(records[0] as JsonMap), tree: treeOf(pipeline.actions) as never, job_name: "193 actions" };
  const url = await serve(
    writeRun(join(folder, "large"), {
      pipeline,
      records: [header, { kind: "verdict", seq: 1, t: START + 26_000, verdict: { result: "pass", further: [] } }],
    }),
  );
  const page = await open(url);
  const times = await page.evaluate("({ nodes: performance.now() })");
  console.log(
    `193 actions: on the screen ${Math.round((times as { nodes: number }).nodes)} ms after the page was asked for`,
  );
  await keepPicture(page, "193-first");
  await page.locator(".chart").focus();
  await page.keyboard.press("e");
  await soon(() => page.locator(".chart").getAttribute("data-nodes").then(Number)).toBeGreaterThan(193);
  await page.keyboard.press("f");
  await keepPicture(page, "193-open");
  await page.keyboard.press("/");
  await page.keyboard.type("test-definition-6-13");
  await page.keyboard.press("Enter");
  await soon(() => node(page, "test-definition-6-13").isVisible()).toBe(true);
  await keepPicture(page, "193-found");
});

test("a QEMU job, live: states light up, the console grows, viewers come and go, the job does not notice", async () => {
  const output = join(folder, "live");
  const viewing = serve("--live", output);
  const job = startCli([
    "run",
    "--device",
    inRoot("device-configs/devices/qemu-x86_64.yaml"),
    "--output-dir",
    output,
    adaptJob(folder, "qemu-x86_64", [["- lava-test-case audio", "- sleep 25\n                - lava-test-case audio"]]),
  ]);
  const url = await viewing;
  const page = await open(url);
  const other = await open(url, { width: 390, height: 780 });
  await soon(() => page.locator(".badge").first().innerText()).toContain("running");
  await soon(() => page.locator(".node.is-active, .node.is-within").count()).toBeGreaterThan(1);
  await soon(() => page.locator(".console").getAttribute("data-position").then(Number)).toBeGreaterThan(2000);
  await keepPicture(page, "live");
  await other.close();
  const late = await open(url, { dark: true });
  await soon(() => page.locator(".badge").first().innerText()).toContain("pass");
  await soon(() => late.locator(".badge").first().innerText()).toContain("pass");
  for (const shown of [page, late])
    await soon(() => node(shown, "lava-test-retry").getAttribute("class")).toContain("is-done");
  await late.getByRole("tab", { name: "Results" }).click();
  await soon(() => late.locator(".results").first().innerText()).toContain("pass");
  await keepPicture(late, "live-end-dark");
  // All that the files hold by now has reached the page.
  const said = readFileSync(join(output, "console.cast"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line));
  const length = said.reduce((sum: number, [, kind, text]) => sum + (kind === "o" ? text.length : 0), 0);
  await soon(() => page.locator(".console").getAttribute("data-position").then(Number)).toBe(length);
  expect((await job.done).code).toBe(0);
});

test("where no run is yet, --live waits for the first one", async () => {
  const cwd = join(folder, "empty-place");
  mkdirSync(cwd);
  const running = startCli(["visualize", "--live"], { cwd });
  started.push(running);
  let said = "";
  running.child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  await until("waiting", running, () => said.includes("Waiting for a run to begin below lava-out"));
  mkdirSync(join(cwd, "lava-out"));
  writeRun(join(cwd, "lava-out/7"));
  await until("the address of the page", running, () => /http:\S+/.test(said));
  const page = await open(/http:\S+/.exec(said)?.[0] ?? "");
  await soon(() => page.locator(".badge").first().innerText()).toContain("InfrastructureError");
});

test("what cannot be shown is refused with a reason", async () => {
  const empty = join(folder, "empty");
  writeRun(empty, { records: [{ ...(journal()[0] as JsonMap), v: 9 }] });
  const results = await Promise.all([
    runCli(["visualize", empty]),
    runCli(["visualize", join(folder, "nowhere")]),
    runCli(["visualize"]),
    runCli(["visualize", "--port", "99999", writeRun(join(folder, "port"))]),
    runCli(["visualize", "--html", join(folder, "no-folder/x.html"), join(folder, "port")]),
  ]);
  expect(results.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(results.map(({ stderr }) => stderr.split("\n")[0])).toEqual([
    expect.stringContaining("The journal's version is 9"),
    expect.stringContaining("nowhere"),
    expect.stringContaining("Nothing was named"),
    expect.stringContaining("99999 is no port"),
    expect.stringContaining("Cannot write"),
  ]);
});

test("Ctrl-C ends the server", async () => {
  const url = await serve(writeRun(join(folder, "ended")));
  const page = await open(url);
  await page.waitForTimeout(100);
  const [running] = started.splice(0);
  running?.child.kill("SIGINT");
  const [code] = await once(running?.child as NonNullable<typeof running>["child"], "exit");
  expect(code).toBe(0);
  await page.close();
  opened.splice(0);
});

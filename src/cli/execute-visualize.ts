import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, type Stats, statSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Json } from "../base/json.js";
import type { Problem } from "../base/problem.js";
import { explain } from "../pipeline/explain.js";
import { recordingIn } from "../replay/find-recording.js";
import { compileChart } from "../statechart/compile-chart.js";
import { FirstLayouts } from "../visualize/first-layouts.js";
import { readPageFiles } from "../visualize/page-files.js";
import { NotARun, type Run, readRun } from "../visualize/read-run.js";
import { embeddedFiles, singleFile } from "../visualize/single-file.js";
import { REPORT, STREAMS, VIEW_VERSION, type ViewData } from "../visualize/view-data.js";
import type { VisualizeOptions } from "./commands/visualize.js";
import type { CliContext } from "./context.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { packageRoot } from "./package-root.js";
import { exitCodeOfProblems, printProblems } from "./problems.js";
import { rebuiltChart } from "./rebuilt-chart.js";
import { paintFor } from "./screen.js";
import { plain } from "./terminal/paint.js";
import { UsageError } from "./usage-error.js";
import { machineSources, maskerOf, recordedJob } from "./view-sources.js";

/** What is to be shown. */
interface Shown {
  view: () => ViewData;
  directory?: string;
  exitCode: ExitCode;
  /** What is to be tidied up. */
  done?: () => void;
}

/** How often a run that is about to begin is looked for, in ms. */
const PAUSE = 100;
/** How long the first layout is waited for before the address is told, in ms. */
const LAYOUT_PATIENCE = 2000;

/** `lava-dispatch visualize`: serves until a signal, or writes one file. */
export async function executeVisualize(
  what: string | undefined,
  options: VisualizeOptions,
  context: CliContext,
): Promise<number> {
  const stop = new AbortController();
  const release = context.onSignals(["SIGINT", "SIGTERM", "SIGHUP"], () => stop.abort());
  let shown: Shown | undefined;
  try {
    shown = await choose(what, options, context, stop.signal);
    if (!shown) return EXIT.passed;
    if (options.html !== undefined) await writeHtml(resolve(context.cwd, options.html), shown);
    else await serve(shown, options, context, stop.signal);
    return shown.exitCode;
  } catch (error) {
    if (error instanceof NotARun) throw new UsageError(error.message, error.hint);
    throw error;
  } finally {
    shown?.done?.();
    release();
  }
}

async function choose(
  what: string | undefined,
  options: VisualizeOptions,
  context: CliContext,
  stop: AbortSignal,
): Promise<Shown | undefined> {
  const path = what ?? (options.live ? await firstRun(context, stop) : undefined);
  if (path === undefined) {
    if (stop.aborted) return undefined;
    throw new UsageError(
      "Nothing was named that could be shown.",
      "Name a job (with --device), the output directory of a run, or a recording (with --job).",
    );
  }
  const full = resolve(context.cwd, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (options.job === undefined && isOfRun(full)) return showRun(dirname(full), options, context, stop);
  if (options.job !== undefined || isRecording(full, stat)) return showRecording(path, options, context, stop);
  if (stat?.isDirectory() || (options.live && !stat)) return showRun(full, options, context, stop);
  if (!stat && options.device === undefined)
    throw new UsageError(`There is nothing at ${path}.`, "Name a job, an output directory or a recording.");
  return showJob(path, options, context);
}

/** The newest run; where there is none yet, the first one that begins. */
async function firstRun({ cwd, clock, stdout }: CliContext, stop: AbortSignal): Promise<string | undefined> {
  let run = newestRun(cwd);
  if (!run) stdout.write("Waiting for a run to begin below lava-out\n");
  while (!run && !stop.aborted) {
    await new Promise<void>((done) => void clock.setTimeout(done, PAUSE));
    run = newestRun(cwd);
  }
  return run;
}

/** The output directory whose journal was written last. */
function newestRun(cwd: string): string | undefined {
  const home = join(cwd, "lava-out");
  if (!existsSync(home)) return undefined;
  const timeOf = (name: string) => statSync(join(home, name, STREAMS.journal), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const [newest] = readdirSync(home)
    .map((name) => ({ name, time: timeOf(name) }))
    .filter(({ time }) => time > 0)
    .sort((a, b) => b.time - a.time);
  return newest && join(home, newest.name);
}

/** One of the files of a run of ours. */
const isOfRun = (path: string) =>
  (Object.values(STREAMS) as string[]).includes(basename(path)) && existsSync(join(dirname(path), STREAMS.journal));

/** A recording that is no run of ours: a log or a console, or a folder that holds one. */
function isRecording(path: string, stat: Stats | undefined): boolean {
  if (stat?.isDirectory()) return !existsSync(join(path, STREAMS.journal)) && recordingIn(path) !== undefined;
  if (!stat?.isFile()) return false;
  // A job is a map, a log is a list.
  return !/\.ya?ml$/.test(path) || startsAsList(path);
}

function startsAsList(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(2);
    return readSync(file, head, 0, 2, 0) === 2 && head.toString("latin1") === "- ";
  } finally {
    closeSync(file);
  }
}

async function showRecording(
  path: string,
  options: VisualizeOptions,
  context: CliContext,
  stop: AbortSignal,
): Promise<Shown | undefined> {
  const { replayedRun } = await import("./replayed-run.js");
  const directory = await replayedRun(path, options, context);
  const shown = await showRun(directory, options, context, stop);
  return shown && { ...shown, done: () => rmSync(dirname(directory), { recursive: true, force: true }) };
}

async function showJob(job: string, options: VisualizeOptions, context: CliContext): Promise<Shown> {
  const texts = readInputs(job, options, context);
  const inputs = await buildInputs(texts, options.jobId ?? "0", context);
  printProblems(inputs.problems, context, paintFor(options.color, context, context.stderr) !== plain);
  const chart = compileChart(inputs.pipeline);
  const masker = maskerOf(inputs.jobMap, inputs.device);
  const machines = Object.fromEntries(texts.machines.map(({ file, text }) => [file, text]));
  const view: ViewData = {
    version: VIEW_VERSION,
    title: masker.text(inputs.jobName),
    chart: masker.json(chart as unknown as Json) as unknown as ViewData["chart"],
    whole: true,
    explanation: masker.json(explain(inputs.pipeline) as unknown as Json) as unknown as NonNullable<
      ViewData["explanation"]
    >,
    sources: { [texts.jobFile]: masker.yaml(texts.job), ...machines, ...machineSources(chart) },
    problems: masker.json(inputs.problems as unknown as Json) as unknown as Problem[],
    run: "none",
  };
  return { view: () => view, exitCode: exitCodeOfProblems(inputs.buildProblems) };
}

async function showRun(
  directory: string,
  options: VisualizeOptions,
  context: CliContext,
  stop: AbortSignal,
): Promise<Shown | undefined> {
  const { live, html } = options;
  let run = readRun(directory);
  if (!run && !live)
    throw new UsageError(
      `${directory} holds no journal of a run.`,
      "Give the output directory of a run: the one that holds journal.jsonl. To wait for one that is about to begin: --live.",
    );
  if (!run) context.stdout.write(`Waiting for a run to begin in ${directory}\n`);
  while (!run && !stop.aborted) {
    await new Promise<void>((done) => void context.clock.setTimeout(done, PAUSE));
    run = readRun(directory);
  }
  if (!run) return undefined;
  const { header: first } = run;
  // Of a live run the chart is still to come.
  const made = run.whole || !run.ended ? undefined : await rebuiltChart(directory, first, options, context);
  let known: Run = readRun(directory, run, made) ?? run;
  const recorded = recordedJob(first.job_file, context.cwd) ?? recordedJob("job.yaml", directory);
  const masker = maskerOf(recorded?.job ?? {});
  const view = (): ViewData => {
    // The chart is written while the run begins.
    known = readRun(directory, known, made) ?? known;
    const { header, chart, whole, explanation, ended } = known;
    return {
      version: VIEW_VERSION,
      title: header.job_name || header.job_id,
      chart,
      whole,
      ...(explanation && { explanation }),
      sources: { ...(recorded && { [header.job_file]: masker.yaml(recorded.text) }), ...machineSources(chart) },
      problems: [],
      ...(html === undefined && (!ended || existsSync(join(directory, REPORT))) && { report: true }),
      run: ended || html !== undefined ? "recorded" : "live",
    };
  };
  return { view, directory, exitCode: EXIT.passed };
}

/** The built page: beside the bundle, or in dist/ when the sources run. */
function pageFiles() {
  const here = join(dirname(fileURLToPath(import.meta.url)), "visualizer");
  const folder = existsSync(join(here, "index.html")) ? here : join(packageRoot(), "dist/visualizer");
  if (!existsSync(join(folder, "index.html")))
    throw new UsageError("The visualizer's page was not built.", "Build it: npm run build");
  return readPageFiles(folder);
}

async function writeHtml(path: string, { view, directory }: Shown): Promise<void> {
  const shown = view();
  const layout = new FirstLayouts().of(shown.chart);
  const files = directory === undefined ? {} : await embeddedFiles(directory);
  const html = singleFile(pageFiles(), shown, files, await layout);
  try {
    await writeFile(`${path}.new`, html);
    await rename(`${path}.new`, path);
  } catch (error) {
    throw new UsageError(
      `Cannot write ${path}: ${(error as Error).message}.`,
      "Name a file in a folder that is there.",
    );
  }
}

/** Resolves when `work` has ended, or when its time is over. */
async function withinTime(work: Promise<unknown>, ms: number, clock: CliContext["clock"]): Promise<void> {
  let timer: unknown;
  const over = new Promise<void>((done) => {
    timer = clock.setTimeout(done, ms);
  });
  await Promise.race([work, over]);
  clock.clearTimeout(timer);
}

async function serve(
  { view, directory }: Shown,
  { port }: VisualizeOptions,
  { stdout, clock }: CliContext,
  stop: AbortSignal,
): Promise<void> {
  const wanted = port === undefined ? 0 : Number(port);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new UsageError(`${port} is no port.`, "Give a number from 1 to 65535, or 0 for any free one.");
  const layouts = new FirstLayouts();
  const layout = () => layouts.of(view().chart);
  const ready = withinTime(layout(), LAYOUT_PATIENCE, clock);
  const { serveView } = await import("../visualize/server.js");
  const server = await serveView({
    files: pageFiles(),
    view,
    layout,
    ...(directory !== undefined && { directory }),
    port: wanted,
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`Cannot listen on port ${wanted} of 127.0.0.1: ${error.message}.`, "Give another one: --port");
  });
  // Whoever opens the page at once finds it laid out.
  await ready;
  stdout.write(`${view().title}: ${server.url}\nCtrl-C ends it.\n`);
  if (!stop.aborted) await new Promise((done) => stop.addEventListener("abort", done, { once: true }));
  await server.close();
}

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type Change, compareGolden, goldenOf, goldenText, parseGolden } from "../replay/golden.js";
import { RecordingError } from "../replay/recording.js";
import { goldenFile, recordingsBelow } from "../replay/recording-folders.js";
import type { ReplayCommandOptions } from "./commands/replay.js";
import type { CliContext } from "./context.js";
import { loadReplay, replayLoaded } from "./execute-replay-inputs.js";
import { EXIT } from "./exit-codes.js";
import { paintFor } from "./screen.js";
import { harmless } from "./terminal/paint.js";
import { UsageError } from "./usage-error.js";

type Finding = Change | { kind: "broken"; message: string } | { kind: "new" };

const SAYS: { [kind in Finding["kind"]]: [one: string, many: string] } = {
  outcome: ["now ends elsewhere", "now end elsewhere"],
  path: ["takes another way", "take another way"],
  duration: ["takes another time", "take another time"],
  broken: ["cannot be replayed", "cannot be replayed"],
  new: ["has no golden trace", "have no golden trace"],
};

/** `lava-dispatch replay --against`: a folder of recordings as a regression corpus. */
export async function executeReplayAgainst(
  folder: string,
  options: ReplayCommandOptions,
  context: CliContext,
): Promise<number> {
  const { stdout, cwd, clock } = context;
  const paint = paintFor(options.color, context, stdout);
  const began = clock.now();
  const names = recordingNames(folder, cwd);
  const counts = new Map<Finding["kind"], number>();
  let virtual = 0;
  for (const name of names) {
    const { finding, ms } = await replayOne(name, options, context);
    virtual += ms;
    if (!finding) continue;
    counts.set(finding.kind, (counts.get(finding.kind) ?? 0) + 1);
    const shown = relative(resolve(cwd, folder), resolve(cwd, name)) || name;
    for (const line of findingLines(shown, finding)) stdout.write(`${harmless(line)}\n`);
  }
  const seconds = (clock.now() - began) / 1000;
  const all = names.length;
  const found = [...counts].map(([kind, count]) => `${count} of ${all} recordings ${SAYS[kind][count === 1 ? 0 : 1]}`);
  const summary =
    found.length > 0
      ? found.join("; ")
      : options.update
        ? `${all} golden traces are up to date`
        : `nothing changed in ${all} recordings`;
  const speed = `${(virtual / 1000).toFixed(0)} s of boards' time in ${seconds.toFixed(1)} s`;
  stdout.write(`${paint(found.length > 0 ? "yellow" : "green", summary)} ${paint("dim", `(${speed})`)}\n`);
  if (counts.has("new"))
    stdout.write("Write golden traces with --update, with the version that is known to be good.\n");
  return found.length > 0 ? EXIT.failed : EXIT.passed;
}

function recordingNames(folder: string, cwd: string): string[] {
  let names: string[];
  try {
    names = recordingsBelow(resolve(cwd, folder));
  } catch (error) {
    throw new UsageError(`Cannot read the folder ${folder}: ${(error as Error).message}.`, "Check the path.");
  }
  if (names.length === 0)
    throw new UsageError(
      `There is no recording below ${folder}.`,
      "A recording is a folder with console.cast or logs.yaml, and with job.yaml and device.yaml.",
    );
  return names.map((name) => relative(cwd, name) || name);
}

async function replayOne(
  name: string,
  options: ReplayCommandOptions,
  context: CliContext,
): Promise<{ finding?: Finding; ms: number }> {
  try {
    const result = await replayLoaded(await loadReplay(name, options, context), context, {});
    const file = goldenFile(resolve(context.cwd, name));
    const ms = result.virtual;
    if (!existsSync(file)) {
      if (!options.update) return { finding: { kind: "new" }, ms };
      writeFileSync(file, goldenText(result));
      return { ms };
    }
    const change = compareGolden(parseGolden(readFileSync(file, "utf8"), file), goldenOf(result));
    if (options.update) writeFileSync(file, goldenText(result));
    return { ...(change && !options.update && { finding: change }), ms };
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RecordingError)) throw error;
    return { finding: { kind: "broken", message: error.message }, ms: 0 };
  }
}

function findingLines(name: string, finding: Finding): string[] {
  if (finding.kind === "broken") return [`${name}: cannot be replayed: ${finding.message}`];
  if (finding.kind === "new") return [`${name}: has no golden trace`];
  const { kind, before, now, difference } = finding;
  const head =
    kind === "outcome"
      ? [`${name}: ends elsewhere`, `  before: ${before}`, `  now:    ${now}`]
      : kind === "path"
        ? [`${name}: takes another way to the same end`]
        : [`${name}: takes ${now} instead of ${before}`];
  if (!difference) return head;
  const at = `  first difference at ${(difference.t / 1000).toFixed(3)} s: `;
  return [...head, `${at}${difference.before ?? "(it ended)"} -> ${difference.now ?? "(it ends)"}`];
}

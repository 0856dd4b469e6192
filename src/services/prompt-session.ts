import { JobError, makeError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import type { Console, Match, Pattern } from "../connections/types.js";
import { type DeviceHost, HOST } from "./devices/usb-devices.js";
import { sleep } from "./download/sleep.js";
import { optionalText, text, texts } from "./overlay/inputs.js";
import { findProgram, missingProgram, showWords } from "./programs.js";
import { filesByLabel, fillWord, toolWords } from "./tool/tool-command.js";
import { inContainer, placed, preparePlace } from "./tool/tool-place.js";
import type { Service, ServiceContext } from "./types.js";

/** Files by their labels in capitals: `{ZEPHYR}`. */
const capitals = (input: JsonMap): { [label: string]: string } =>
  Object.fromEntries(Object.entries(filesByLabel(input.files)).map(([label, file]) => [label.toUpperCase(), file]));

/** Silence of the program after which a finished line is taken for its prompt, ms. */
const LINE_AS_PROMPT = 5000;

/** ms in which the program says that it does what was typed last. */
const STARTED_WITHIN = 10_000;

interface Session {
  console: Console;
  prompt: string;
  failures: string[];
  reasons: string[];
  context: ServiceContext;
  /** What the program said first of something that it could not do, and after which line. */
  reason?: { line: string; said: string };
}

/** The error of a line that failed: with what went wrong before it, if anything did. */
function failed({ context, reason }: Session, line: string, said: string) {
  const before = reason && reason.said !== said ? `, as before '${reason.line}' did: ${reason.said}` : "";
  return makeError(context.action.commandError, `'${line}' failed: ${said}${before}`, {
    advice: "The lines before it, in the log, say what the program was doing.",
  });
}

/** Waits for the first pattern, past reasons, which are warned of. @throws the action's command error when the program says that it failed. */
async function answered(session: Session, first: Pattern, line: string, signal: AbortSignal): Promise<void> {
  const { console, failures, reasons, context } = session;
  const told: Pattern[] = [...failures, ...reasons].map((source, at) => ({
    source,
    kind: "pattern",
    index: at + 1,
    wholeLine: true,
  }));
  const finished = { silence: LINE_AS_PROMPT, at: Number.POSITIVE_INFINITY };
  for (;;) {
    const match: Match = await console.expect([{ ...first, index: 0 }, ...told], signal, { finished });
    if (match.in)
      context.log.warning(
        `No prompt came, but a line of the output matches ${JSON.stringify(first.source)}: ${match.line}`,
      );
    if (match.index === 0) return;
    const said = match.line.trim();
    if (match.index <= failures.length) throw failed(session, line, said);
    context.log.warning(said);
    session.reason ??= { line, said };
  }
}

const prompted = (session: Session, line: string): Promise<void> =>
  answered(session, { source: session.prompt, kind: "prompt", index: 0, finished: true }, line, session.context.signal);

/** Waits for a while until the program says that it does the last line. */
async function started(session: Session, pattern: string, line: string): Promise<void> {
  const { signal, clock } = session.context;
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(), STARTED_WITHIN);
  try {
    await answered(
      session,
      { source: pattern, kind: "pattern", index: 0, wholeLine: true },
      line,
      AbortSignal.any([signal, late.signal]),
    );
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
  } finally {
    clock.clearTimeout(timer);
  }
}

/**
 * Runs a program that is talked to by its prompt, on a console beside the namespace's own. It stays until the job ends or
 * the action is tried again.
 * Inputs: command (tool/tool-command.ts), prompt, lines (each typed when the prompt is there), failures? (patterns by which
 * it tells that a line failed), reasons? (of what it could not do, but may get over: a warning, and the reason when a later line
 * fails), last? (typed at the end; no prompt is awaited), started? (pattern by which it tells that it does so), pause? (seconds
 * before it), files? (data.downloads: `{LABEL}` in capitals becomes the path), container? (a map with `image` and `devices`).
 */
export const promptSessions = (host: DeviceHost): Service => ({
  name: "prompt-session",
  programs: ({ input }) => (inContainer(input) ? ["docker"] : toolWords(input.command).slice(0, 1)),

  async run(input, context) {
    const { signal, clock, env, paths, log, action } = context;
    const files = capitals(input);
    const words = toolWords(input.command).map((word) => fillWord(word, files));
    if (words.length === 0) throw new JobError("There is no program to talk to");
    await preparePlace(input, context);
    const argv = await placed(words, { ...input, terminal: true }, context, host);
    const [program = ""] = argv;
    if (!findProgram(program, env, paths.deviceDir)) throw missingProgram(program);
    log.info(`Running ${showWords(argv)}`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(argv, { signal, clock, env, cwd: paths.work });
    const console = context.openConsole(connection, action.name);
    context.onCleanup(() => console.close());
    const [failures, reasons] = [texts(input, "failures"), texts(input, "reasons")];
    const session: Session = { console, prompt: text(input, "prompt"), failures, reasons, context };
    await prompted(session, showWords(words));
    for (const line of texts(input, "lines").map((each) => fillWord(each, files))) {
      await console.send(line, { lineEnd: "\n", echo: false });
      await prompted(session, line);
    }
    const last = optionalText(input, "last");
    if (last === undefined) return undefined;
    if (typeof input.pause === "number" && input.pause > 0) await sleep(input.pause * 1000, { clock, signal });
    await console.send(last, { lineEnd: "\n", echo: false });
    const sign = optionalText(input, "started");
    if (sign !== undefined) await started(session, sign, last);
    return undefined;
  },
});

export const promptSession = promptSessions(HOST);

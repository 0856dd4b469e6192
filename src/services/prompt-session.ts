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

interface Session {
  console: Console;
  prompt: string;
  failures: string[];
  context: ServiceContext;
}

/** Waits for the prompt. @throws the action's command error when the program says that it failed before. */
async function prompted({ console, prompt, failures, context }: Session, line: string): Promise<void> {
  const patterns: Pattern[] = [
    { source: prompt, kind: "prompt", index: 0, finished: true },
    ...failures.map((source, at): Pattern => ({ source, kind: "pattern", index: at + 1, wholeLine: true })),
  ];
  const finished = { silence: LINE_AS_PROMPT, at: Number.POSITIVE_INFINITY };
  const match: Match = await console.expect(patterns, context.signal, { finished });
  if (match.in)
    context.log.warning(`No prompt came, but a line of the output matches ${JSON.stringify(prompt)}: ${match.line}`);
  if (match.index === 0) return;
  throw makeError(context.action.commandError, `'${line}' failed: ${match.line.trim()}`, {
    advice: "The lines before it, in the log, say what the program was doing.",
  });
}

/**
 * Runs a program that is talked to by its prompt, on a console beside the namespace's own. It stays until the job ends or
 * the action is tried again.
 * Inputs: command (tool/tool-command.ts), prompt, lines (each typed when the prompt is there), failures? (patterns by which
 * it tells that a line failed), last? (typed at the end; no prompt is awaited), pause? (seconds before it), files?
 * (data.downloads: `{LABEL}` in capitals becomes the path), container? (a map with `image` and `devices`).
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
    const session: Session = { console, prompt: text(input, "prompt"), failures: texts(input, "failures"), context };
    await prompted(session, showWords(words));
    for (const line of texts(input, "lines").map((each) => fillWord(each, files))) {
      await console.send(line, { lineEnd: "\n", echo: false });
      await prompted(session, line);
    }
    const last = optionalText(input, "last");
    if (last === undefined) return undefined;
    if (typeof input.pause === "number" && input.pause > 0) await sleep(input.pause * 1000, { clock, signal });
    await console.send(last, { lineEnd: "\n", echo: false });
    return undefined;
  },
});

export const promptSession = promptSessions(HOST);

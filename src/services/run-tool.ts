import { type DispatchError, ERROR_CLASS_NAMES, type ErrorClassName, JobError, makeError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { LINE_END } from "../base/line-ends.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { type DeviceHost, HOST } from "./devices/usb-devices.js";
import { map, optionalText, text, texts } from "./overlay/inputs.js";
import { findProgram, missingProgram, showWords } from "./programs.js";
import { programFailure, runProgram } from "./run-program.js";
import { fillWord, toolWords } from "./tool/tool-command.js";
import { inContainer, placed, preparePlace } from "./tool/tool-place.js";
import type { Service, ServiceContext } from "./types.js";
import { writeText } from "./write-text.js";

/** All commands of an input: `commands` (a list of them) or `command` (one); `last` is put behind the last one. */
function commandsOf(input: JsonMap): string[][] {
  const given = Array.isArray(input.commands) ? input.commands : input.command === undefined ? [] : [input.command];
  const commands = given.map(toolWords).filter((words) => words.length > 0);
  commands.at(-1)?.push(...toolWords(input.last));
  return commands;
}

/** The first line of a tool's output by which it tells that it failed, whatever its exit code is. */
function refusal(output: string, patterns: string[]): string | undefined {
  const lines = output.split(LINE_END);
  const found = patterns.map((source) => pythonRegExp(source));
  return lines.find((line) => found.some((pattern) => pattern.test(line)));
}

/** Reasons that are told as they come; a tool that repeats itself is not. */
const MOST_REASONS = 10;

/** Sees the lines by which a tool tells what is wrong: warns of each at once, and keeps the first. */
class Reasons {
  readonly #patterns: RegExp[];
  readonly #told = new Set<string>();
  first: string | undefined;
  constructor(
    input: JsonMap,
    readonly context: ServiceContext,
  ) {
    this.#patterns = texts(input, "reasons").map((source) => pythonRegExp(source));
  }
  hear = (line: string): void => {
    const said = line.trim();
    if (this.#told.size >= MOST_REASONS || this.#told.has(said)) return;
    if (!this.#patterns.some((pattern) => pattern.test(line))) return;
    this.#told.add(said);
    this.first ??= said;
    this.context.log.warning(said);
  };
}

/** The class of error of a tool that fails: its action's, unless the input names another. */
const errorOf = (input: JsonMap, { action }: ServiceContext): ErrorClassName =>
  ERROR_CLASS_NAMES.find((name) => name === input.error) ?? action.commandError;

function check(words: string[], output: string, input: JsonMap, context: ServiceContext): DispatchError | undefined {
  const commandError = errorOf(input, context);
  const refused = refusal(output, texts(input, "refuse"));
  if (refused !== undefined)
    return makeError(commandError, `${showWords(words)} ended well, but it said: ${refused.trim()}`, {
      advice: "The lines before it, in the log, say what the tool was doing.",
    });
  const missing = texts(input, "expect").find((source) => !pythonRegExp(source).test(output));
  if (missing === undefined) return undefined;
  return makeError(commandError, `${showWords(words)} ended, but did not say that it succeeded (${missing})`, {
    advice: "Its output stands in the log above.",
  });
}

/** The path of the tool's script, when it has one. */
async function scriptOf(input: JsonMap, context: ServiceContext): Promise<string | undefined> {
  if (!isMap(input.script)) return undefined;
  const written = await writeText.run(input.script, context);
  return optionalText(map(written?.data ?? {}, "files"), text(input.script, "name"));
}

function tolerated(output: string, input: JsonMap): boolean {
  const pattern = optionalText(input, "tolerate");
  return pattern !== undefined && pythonRegExp(pattern).test(output);
}

/** Waits until the board says on its console what it says after each command, where there is such a text. */
async function awaitWords(input: JsonMap, { console, signal, log }: ServiceContext): Promise<void> {
  const patterns = texts(input, "heard");
  if (patterns.length === 0) return;
  if (!console) throw new JobError("The board's console is not open, and what it says is awaited");
  log.debug(`Waiting for the board to say ${patterns.map((source) => `'${source}'`).join(" or ")}`);
  await console.expect(
    patterns.map((source, index) => ({ source, kind: "pattern", index })),
    signal,
  );
}

function statusOf(input: JsonMap, said: string): JsonMap {
  const pattern = optionalText(input, "status");
  const line = pattern && said.split(/\r?\n/).find((each) => pythonRegExp(pattern).test(each));
  return line ? { status: line.trim() } : {};
}

/**
 * Runs a tool of the worker: argument arrays, one after the other, until one fails.
 * Inputs: command or commands (tool/tool-command.ts), last? (words behind the last command), refuse? (patterns: a line that
 * matches is a failure, whatever the exit code), reasons? (patterns of lines that tell what is wrong: they are warnings, and
 * the first one is the reason when the tool fails by its exit code), tolerate? (pattern: a failure with such an output is only
 * warned about), expect? (patterns that the output must have), heard? (patterns: one of them the board's console must say
 * after each command), error?
 * (class, default the action's command error), cwd? (folder),
 * environment?, container? (a job's `docker` map: the tool runs there, with the job's files and the board's device files),
 * script? (name, lines, files? as of write-text: `{script}` in a word becomes its path), container_options? (of the device), devices? (further ones for the container), nothing? (message when there is no command at all), extra? (for the result
 * line), status? (pattern: the first line of the output that has it is the result's `status`).
 */
export const toolRunner = (host: DeviceHost): Service => ({
  name: "run-tool",
  programs: ({ input }) => {
    if (inContainer(input)) return ["docker"];
    try {
      return commandsOf(input).map(([program]) => program as string);
    } catch {
      return [];
    }
  },

  async run(input, context) {
    const { log, clock, env } = context;
    const commands = commandsOf(input);
    const script = await scriptOf(input, context);
    if (commands.length === 0) {
      const nothing = optionalText(input, "nothing");
      if (nothing) throw new JobError(nothing);
      log.debug("There is no command to run");
      return undefined;
    }
    const cwd = optionalText(input, "cwd");
    const own = map(input, "environment") as { [name: string]: string };
    await preparePlace(input, context);
    let said = "";
    for (const given of commands) {
      const words = script === undefined ? given : given.map((word) => fillWord(word, { script }));
      const argv = await placed(words, input, context, host);
      const [program = ""] = argv;
      if (!findProgram(program, env, context.paths.deviceDir)) throw missingProgram(program);
      log.info(`Running ${showWords(argv)}`);
      const begin = clock.now();
      const reasons = new Reasons(input, context);
      const result = await runProgram(argv, {
        ...context,
        onLine: reasons.hear,
        env: { ...env, ...own },
        cwd: inContainer(input) ? context.paths.work : (cwd ?? context.paths.work),
      });
      log.debug(`Returned ${result.code} in ${Math.round((clock.now() - begin) / 1000)} seconds`);
      const failure =
        result.code === 0
          ? check(argv, result.output, input, context)
          : programFailure(argv, result, errorOf(input, context), reasons.first);
      if (failure && !tolerated(result.output, input)) throw failure;
      if (failure) log.warning(failure.message);
      await awaitWords(input, context);
      said = result.output;
    }
    const save = optionalText(input, "save");
    return {
      ...(save && { data: { tool: { [save]: said } } }),
      extra: { ...map(input, "extra"), ...statusOf(input, said) },
    };
  },
});

export const runTool = toolRunner(HOST);

import { type DispatchError, ERROR_CLASS_NAMES, type ErrorClassName, makeError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { texts } from "./overlay/inputs.js";
import { showWords, splitWords } from "./programs.js";
import { programFailure, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

const labelOf = (input: JsonMap): string => (typeof input.label === "string" ? input.label : "commands");

const errorOf = (input: JsonMap): ErrorClassName =>
  ERROR_CLASS_NAMES.find((name) => name === input.error) ?? "InfrastructureError";

const missing = (input: JsonMap) =>
  makeError(errorOf(input), `The device has no command for ${labelOf(input)}`, {
    advice: `Give the device configuration \`commands.${labelOf(input)}\`, or take the action out of the job.`,
  });

const done = ({ extra }: JsonMap) => (isMap(extra) ? { extra } : undefined);

/** A command that failed, named as LAVA names it; how it failed follows. */
function failureOf(input: JsonMap, command: string, error: DispatchError): DispatchError {
  const hand = `Run it by hand on the worker: ${command}`;
  const advice = [input.advice, error.advice ?? hand].filter((text) => typeof text === "string").join(" ");
  if (typeof input.failure !== "string") {
    error.advice = advice;
    return error;
  }
  const how = error.message.replace(/^Unable to run: /, "");
  return makeError(errorOf(input), `${input.failure}: '${command}' failed`, { advice: `It was: ${how}. ${advice}` });
}

/**
 * Runs the worker's commands (power, reset, a lab's own) one after the other, as arguments and never in a shell. Programs and
 * files beginning with `./` or `../` start at the device file's folder.
 * Inputs: commands, required, label (name of the command in messages), error? (class, default InfrastructureError),
 * failure? (what a message about a command that failed begins with), advice?, extra? (for the result line, once all ran).
 */
export const runCommands: Service = {
  name: "run-commands",
  programs: ({ input }) => texts(input, "commands").flatMap((command) => splitWords(command).slice(0, 1)),

  async validate(input) {
    return input.required === true && texts(input, "commands").length === 0 && "commands" in input
      ? [missing(input)]
      : [];
  },

  async run(input, context) {
    const commands = texts(input, "commands").filter((command) => command.trim() !== "");
    if (commands.length === 0) {
      if (input.required === true) throw missing(input);
      context.log.debug(`no command for ${labelOf(input)}`);
      return done(input);
    }
    const { deviceDir } = context.paths;
    for (const command of commands) {
      const argv = splitWords(command);
      context.log.debug(`Calling: ${showWords(argv)}`);
      const begin = context.clock.now();
      const result = await runProgram(argv, { ...context, cwd: deviceDir });
      const seconds = Math.round((context.clock.now() - begin) / 1000);
      context.log.debug(`Returned ${result.code} in ${seconds} seconds`);
      if (result.code === 0) continue;
      const error = failureOf(input, command, programFailure(argv, result, errorOf(input)));
      context.log.error(error.message);
      throw error;
    }
    return done(input);
  },
};

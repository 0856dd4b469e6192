import { ConfigurationError, JobError, makeError } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { boundedRegExp } from "../base/regexp/bounded-regexp.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { showWords, splitWords } from "./programs.js";
import { mustSucceed } from "./run-program.js";
import { toolWords } from "./tool/tool-command.js";
import type { Service, ServiceContext } from "./types.js";

/** The command of a value: a text is split by shell rules, a list is words. */
const wordsOf = (command: Json | undefined): string[] =>
  typeof command === "string" ? splitWords(command) : toolWords(command);

const valuesOf = (input: JsonMap): [string, JsonMap][] =>
  Object.entries(map(input, "values")).flatMap(([name, value]) => (isMap(value) ? [[name, value]] : []));

async function capture(name: string, value: JsonMap, context: ServiceContext): Promise<string[]> {
  const pattern = boundedRegExp(optionalText(value, "pattern") ?? "^.+$");
  const given = texts(value, "given").filter((each) => each !== "");
  const words = given.length > 0 ? [] : wordsOf(value.command);
  if (given.length === 0 && words.length === 0) {
    if (value.required !== true) return [];
    throw new ConfigurationError(`The device says nothing about ${name}`);
  }
  const { commandError } = context.action;
  const found =
    words.length === 0
      ? given
      : (await mustSucceed(words, { ...context, cwd: context.paths.deviceDir, error: commandError }))
          .trim()
          .split(/(?<!\s)\s*\n/);
  const wrong = found.find((each) => !pattern.test(each));
  if (wrong === undefined) return found;
  const told = words.length === 0 ? "The device's" : `${showWords(words)} told a`;
  throw makeError(commandError, `${told} ${name} is not of the right form: '${wrong}'`);
}

/**
 * Finds values out: those that the device gives, or what a command of the worker prints, line by line.
 * Inputs: values ({<name>: {given?, command?, pattern?, required?}}; `pattern`: the form of each value).
 * Data: captured {<name>: [values]}.
 */
export const captureOutput: Service = {
  name: "capture-output",
  programs: ({ input }) =>
    valuesOf(input).flatMap(([, value]) =>
      texts(value, "given").some((each) => each !== "") ? [] : wordsOf(value.command).slice(0, 1),
    ),

  async run(input, context) {
    const captured: { [name: string]: string[] } = {};
    for (const [name, value] of valuesOf(input)) {
      if (!/^\w+$/.test(name)) throw new JobError(`'${name}' is not the name of a value`);
      captured[name] = await capture(name, value, context);
      context.log.debug(`${name}: ${captured[name].join(", ") || "nothing"}`);
    }
    return { data: { captured } };
  },
};

import { optionalText, texts } from "./overlay/inputs.js";
import { findProgram, missingProgram } from "./programs.js";
import type { Service } from "./types.js";

/**
 * Finds the program of a tool that has had several names.
 * Inputs: names (the first that is there is taken), save (its name in the data). Data: programs {<save>: name}.
 */
export const findProgramService: Service = {
  name: "find-program",

  async validate(input, { env, paths }) {
    const names = texts(input, "names");
    return names.some((name) => findProgram(name, env, paths.deviceDir)) ? [] : [missingProgram(names.at(-1) ?? "")];
  },

  async run(input, { env, paths, log }) {
    const names = texts(input, "names");
    const name = names.find((each) => findProgram(each, env, paths.deviceDir));
    if (name === undefined) throw missingProgram(names.at(-1) ?? "");
    log.debug(`Found ${name}`);
    return { data: { programs: { [optionalText(input, "save") ?? name]: name } } };
  },
};

import { ConfigurationError } from "../base/errors.js";
import { optionalText, text } from "./overlay/inputs.js";
import { splitWords } from "./programs.js";
import type { Service } from "./types.js";

const wordsOf = (command: string | undefined): string[] => splitWords(command ?? "");

/**
 * Opens the namespace's console by its connection command (words by shell rules, no shell); a live console is used again.
 * Inputs: command, name (shown in logs), tags?.
 */
export const connect: Service = {
  name: "connect",

  async validate(input, context) {
    if (!("command" in input)) return [];
    const words = wordsOf(optionalText(input, "command"));
    if (words.length === 0)
      return [
        new ConfigurationError("The device has no connection command", {
          advice: "Give it `commands.connect`, or a connection with the tag `primary` in `commands.connections`.",
        }),
      ];
    const { transportFor } = await import("../connections/index.js");
    const { findProgram, missingProgram } = await import("./programs.js");
    return transportFor(words)
      .programs(words)
      .filter((program) => !findProgram(program, context.env, context.paths.deviceDir))
      .map((program) => missingProgram(program));
  },

  async run(input, context) {
    if (context.console && !context.console.isClosed) {
      context.log.debug("Already connected");
      return undefined;
    }
    const command = text(input, "command");
    const name = optionalText(input, "name") ?? context.action.namespace;
    context.log.info(`[${context.action.namespace}] ${context.action.name} Connecting to device using '${command}'`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(wordsOf(command), {
      signal: context.signal,
      clock: context.clock,
      cwd: context.paths.deviceDir,
      env: context.env,
    });
    context.setConsole(context.openConsole(connection, name));
    return undefined;
  },
};

import { ConfigurationError, LAVABug } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { optionalText, texts } from "./overlay/inputs.js";
import { splitWords } from "./programs.js";
import type { Service, ServiceContext } from "./types.js";

/** A text is split by shell rules; a list is words. */
const wordsOf = (command: Json | undefined): string[] =>
  Array.isArray(command) ? command.map(String) : splitWords(typeof command === "string" ? command : "");

/** Further consoles of the board that are only listened to: `[{name, port}]`. They stay open until the job ends. */
async function listenBeside(input: JsonMap, context: ServiceContext): Promise<void> {
  const { openConnection } = await import("../connections/index.js");
  for (const other of Array.isArray(input.feedbacks) ? input.feedbacks : []) {
    if (!isMap(other)) continue;
    const connection = await openConnection(["telnet", "localhost", String(other.port)], {
      ...context,
      cwd: context.paths.deviceDir,
    });
    const console = context.openConsole(connection, String(other.name));
    context.onCleanup(() => console.close());
  }
}

/**
 * Opens the namespace's console by its connection command (no shell); a live console is used again.
 * Inputs: command (a text, split by shell rules, or a list of words), name (shown in logs), tags?, beside? (a live console
 * stays open beside the new one until the job ends), feedbacks? ([{name, port}]: telnet ports that are only listened to),
 * prompts? (of the shell that it leads to). Data: shell {prompts}, where they are given.
 */
export const connect: Service = {
  name: "connect",
  opensConsole: true,

  async validate(input, context) {
    if (!("command" in input)) return [];
    const words = wordsOf(input.command);
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
    const { console: old } = context;
    const prompts = texts(input, "prompts");
    const result = prompts.length > 0 ? { data: { shell: { prompts } } } : undefined;
    if (old && !old.isClosed) {
      if (input.beside !== true) {
        context.log.debug("Already connected");
        return result;
      }
      context.onCleanup(() => old.close());
    }
    const words = wordsOf(input.command);
    if (words.length === 0) throw new LAVABug("There is no connection command");
    const command = typeof input.command === "string" ? input.command : words.join(" ");
    const name = optionalText(input, "name") ?? context.action.namespace;
    context.log.info(`[${context.action.namespace}] ${context.action.name} Connecting to device using '${command}'`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(words, {
      signal: context.signal,
      clock: context.clock,
      cwd: context.paths.deviceDir,
      env: context.env,
    });
    context.setConsole(context.openConsole(connection, name));
    await listenBeside(input, context);
    return result;
  },
};

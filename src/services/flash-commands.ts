import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { stringify } from "yaml";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { downloadsOf } from "./files/name-inside.js";
import { dig, map, texts } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { showWords, splitWords } from "./programs.js";
import { programFailure, runProgram } from "./run-program.js";
import { fillWord } from "./tool/tool-command.js";
import type { Service, ServiceContext } from "./types.js";

/** Device commands that a lab's own flash command may call, by their placeholders. */
const COMMANDS = ["hard_reset", "soft_reboot", "pre_os_command", "pre_power_command", "power_on", "power_off"];

/** `hard_reset` is {HARD_RESET_COMMAND}, `pre_os_command` {PRE_OS_COMMAND}. */
const placeholder = (command: string): string => `${command.replace(/_command$/, "").toUpperCase()}_COMMAND`;

const joined = (command: Json | undefined): string =>
  Array.isArray(command) ? command.map(plainText).join(" && ") : plainText(command);

/** What stands for each placeholder: files relative to the folder of the downloads, URLs of what was not downloaded. */
export function flashPlaceholders(input: JsonMap, folder: string, device: JsonMap): { [name: string]: string } {
  const values: { [name: string]: string } = {};
  const files = map(input, "files");
  for (const [key, image] of Object.entries(map(input, "images"))) {
    const file = dig(files[key], "file");
    const url = dig(image, "url");
    if (typeof file === "string") values[key.toUpperCase()] = relative(folder, file);
    else if (typeof url === "string") values[key.toUpperCase()] = url;
  }
  const commands = isMap(device.commands) ? device.commands : {};
  for (const command of COMMANDS) values[placeholder(command)] = joined(commands[command]);
  for (const key of ["device_info", "static_info"])
    values[key.toUpperCase()] = stringify(device[key] ?? [], { collectionStyle: "flow", lineWidth: 0 }).trim();
  return values;
}

/** Arguments of each command: split first, then filled, so that a value is always (part of) one word. */
export const flashArguments = (commands: string[], values: { [name: string]: string }): string[][] =>
  commands.map((command) => splitWords(command).map((word) => fillWord(word, values)));

const folderOf = ({ paths, action }: ServiceContext): string => downloadsOf(paths, action.namespace);

/**
 * Runs a lab's own flash commands, in the folder of the downloads. Inputs: commands (texts with placeholders), files
 * (data.downloads), images (of the block).
 */
export const flashCommands: Service = {
  name: "flash-commands",
  programs: ({ input }) => texts(input, "commands").flatMap((command) => splitWords(command).slice(0, 1)),

  async run(input, context) {
    const folder = folderOf(context);
    await mkdir(folder, { recursive: true });
    const values = flashPlaceholders(input, folder, context.device);
    for (const argv of flashArguments(texts(input, "commands"), values)) {
      const [program = "", ...rest] = argv;
      // A command of the device's own folder, though it runs in another one.
      const own = /^\.\.?\//.test(program) ? join(context.paths.deviceDir, program) : program;
      context.log.debug(`Calling: ${showWords(argv)}`);
      const result = await runProgram([own, ...rest], { ...context, cwd: folder });
      context.log.debug(`Returned ${result.code}`);
      if (result.code !== 0) throw programFailure(argv, result, context.action.commandError);
    }
    return undefined;
  },
};

/** Chooses U-Boot's boot command for a kernel and makes the kernel what that command loads (spec runtime.md §7, §8). */

import { createReadStream, createWriteStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ConfigurationError, JobError } from "../base/errors.js";
import { freshStream } from "../base/fresh-file.js";
import { type JsonMap, own } from "../base/json.js";
import { bounded } from "./files/bounded.js";
import { dig, map, optionalText, text } from "./overlay/inputs.js";
import { tftpName } from "./overlay/layout.js";
import { programOptions } from "./overlay/unpack.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** For each kernel type the commands that boot it: the first that the device has addresses for, else the last. */
const COMMANDS: { [type: string]: string[] } = {
  uimage: ["bootm"],
  zimage: ["bootz", "bootm"],
  image: ["booti", "bootm"],
};
/** The only command that needs a kernel with a header. */
const HEADED = { command: "bootm", type: "uimage" };
/** Bytes of the legacy header: a kernel that runs in place starts after it. */
const HEADER_SIZE = 64;

/** The boot command for a kernel type, given the device's `parameters`. @throws JobError for an unknown type */
export function bootCommand(type: string, parameters: JsonMap): string {
  const commands = own(COMMANDS, type.toLowerCase());
  if (!commands) throw new JobError(`Unknown kernel type '${type}' (known: ${Object.keys(COMMANDS).join(", ")})`);
  return commands.find((command) => Object.hasOwn(parameters, command)) ?? commands.at(-1)!;
}

export const needsHeader = (type: string, parameters: JsonMap): boolean =>
  bootCommand(type, parameters) === HEADED.command && type.toLowerCase() !== HEADED.type;

function loadAddress(command: string, parameters: JsonMap): number {
  const given = dig(parameters, command, "kernel") ?? parameters.text_offset;
  const address = typeof given === "number" ? given : Number(given ?? "");
  if (given === undefined || given === null || given === "" || !Number.isInteger(address))
    throw new ConfigurationError(
      `The device gives no load address for ${command} (parameters.${command}.kernel or text_offset)`,
    );
  return address;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

export const kernelPrepare: Service = {
  name: "kernel-prepare",
  programs({ input }) {
    const type = input.type;
    return typeof type === "string" &&
      Object.hasOwn(COMMANDS, type.toLowerCase()) &&
      needsHeader(type, map(input, "parameters"))
      ? ["mkimage"]
      : [];
  },
  async validate(input) {
    if (typeof input.type === "string" && !Object.hasOwn(COMMANDS, input.type.toLowerCase()))
      return [new JobError(`Unknown kernel type '${input.type}' (known: ${Object.keys(COMMANDS).join(", ")})`)];
    return [];
  },
  async run(input, context) {
    const type = text(input, "type");
    const parameters = map(input, "parameters");
    const deploy = map(input, "deploy_parameters");
    const command = bootCommand(type, parameters);
    let kernel = text(input, "kernel");
    const dtb = dig(context.data.downloads, "dtb", "file");
    if (deploy.append_dtb === true && typeof dtb === "string") {
      const joined = join(dirname(kernel), `${basename(kernel)}-dtb`);
      context.log.info(`Appending ${basename(dtb)} to the kernel: ${joined}`);
      await pipeline(createReadStream(kernel), freshStream(joined));
      await pipeline(createReadStream(dtb), createWriteStream(joined, { flags: "a" }));
      kernel = joined;
    }
    if (needsHeader(type, parameters)) {
      const load = loadAddress(command, parameters);
      const arch = optionalText(deploy, "mkimage_arch");
      if (!arch) throw new ConfigurationError("The device gives no `mkimage_arch`, which a kernel for bootm needs");
      const entry = deploy.use_xip === true ? load + HEADER_SIZE : load;
      const image = join(dirname(kernel), "uImage");
      context.log.info(`Converting the kernel to ${image}`);
      const args = [
        "-A",
        arch,
        "-O",
        "linux",
        "-T",
        "kernel",
        "-C",
        "none",
        "-a",
        hex(load),
        "-e",
        hex(entry),
        "-d",
        kernel,
        image,
      ];
      const error = context.action.commandError;
      await bounded(context, { into: image, what: "The kernel with its header" }, (bounds) =>
        mustSucceed(["mkimage", ...args], { ...programOptions(context), error, ...bounds }),
      );
      kernel = image;
    }
    context.log.debug(`The kernel is booted with ${command}`);
    return { data: { kernel: { name: tftpName(context, kernel), command } } };
  },
};

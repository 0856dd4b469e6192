/** Fills the placeholders of bootloader commands (spec runtime.md §7). */

import { mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { ConfigurationError, JobError } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { dig, map, optionalText, texts } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { writeFresh } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";

/** A placeholder and its value; undefined: not known, and then no line that holds it is sent. Empty is a value only where asked. */
export type Substitution = [placeholder: string, value: string | undefined];

/** Headers with which, or without any, a bootloader can be given a ramdisk at all. */
const RAMDISK_HEADERS = ["u-boot", "raw"];
const RAW = "raw";
const NO_RAMDISK = "-";
const DTBO_MARKER = "{APPLY_DTBO_COMMANDS}";

const word = (value: Json | undefined): string | undefined =>
  value === undefined || value === null || value === "" ? undefined : plainText(value);

/** Names of the device tree overlays that were downloaded, in order. */
function overlays(downloads: Json | undefined): string[] {
  const names: string[] = [];
  for (
    let name = dig(downloads, "dtbo0", "name");
    name !== undefined;
    name = dig(downloads, `dtbo${names.length}`, "name")
  )
    names.push(String(name));
  return names;
}

/** Every placeholder with its value, in the order in which they are replaced and logged. */
export function substitutions(input: JsonMap, context: ServiceContext): Substitution[] {
  const { data, dispatcher, jobId } = context;
  const file = (key: string) => word(dig(data.downloads, key, "name")) ?? word(dig(data.media, key));
  const addresses = map(input, "addresses");
  const address = (key: string) => word(addresses[key]);
  const command = optionalText(input, "command") ?? word(dig(data.kernel, "command"));
  const header = optionalText(input, "add_header");
  const dtbos = overlays(data.downloads);
  const initrd = file("initrd");
  const ramdisk = word(dig(data.ramdisk, "name")) ?? file("ramdisk") ?? initrd;
  const unheaded = input.ramdisk_needs_header === true && !RAMDISK_HEADERS.includes(header ?? "");
  const ramdiskAddress = !ramdisk || unheaded ? NO_RAMDISK : address("ramdisk");
  const sized = ramdisk && ramdiskAddress !== NO_RAMDISK && (initrd !== undefined || header === RAW);
  const tee = file("tee");
  const boot = [
    command,
    tee ? address("tee") : address("kernel"),
    sized ? `${ramdiskAddress}:\${initrd_size}` : ramdiskAddress,
    address("dtb"),
  ];
  const suffix = word(dig(data.tftp, "suffix"));
  const tftpIp = dispatcherIp(dispatcher, "tftp");
  return [
    ["{SERVER_IP}", tftpIp],
    ["{PRESEED_CONFIG}", file("preseed")],
    ["{PRESEED_LOCAL}", word(dig(data.ramdisk, "preseed_local"))],
    ["{DTB}", file("dtb")],
    ["{RAMDISK}", ramdisk],
    ["{INITRD}", initrd ?? ramdisk],
    ["{KERNEL}", word(dig(data.kernel, "name")) ?? file("kernel")],
    ["{LAVA_MAC}", macAddress(optionalText(input, "lava_mac"))],
    ["{TEE}", tee],
    ["{DTB_BASE_ADDR}", dtbos.length ? address("dtb") : undefined],
    ["{DTB_BASE_RESIZE}", dtbos.length ? word(input.dtb_base_resize) : undefined],
    ...dtbos.map((name, index): Substitution => [`{DTBO${index}}`, name]),
    ["{LAVA_DISPATCHER_IP}", dispatcherIp(dispatcher)],
    ["{LAVA_JOB_ID}", jobId],
    ["{BOOTX}", command && boot.filter((part) => part !== undefined).join(" ")],
    ["{KERNEL_ADDR}", command && address("kernel")],
    ["{DTB_ADDR}", command && address("dtb")],
    ["{RAMDISK_ADDR}", command && ramdiskAddress],
    ["{TEE_ADDR}", command && address("tee")],
    ["{DTBO_ADDR}", command && dtbos.length ? address("dtbo") : undefined],
    ["{ROOT}", word(dig(data.media, "root"))],
    ["{ROOT_PART}", word(dig(data.media, "boot_part"))],
    ["{NFSROOTFS}", word(dig(data.nfs, "root"))],
    ["{NFS_SERVER_IP}", word(dig(data.nfs, "server"))],
    ["{NBDSERVERIP}", word(dig(data.nbd, "server_ip"))],
    ["{NBDSERVERPORT}", word(dig(data.nbd, "server_port"))],
    ["{EXTRA_FILES_DIR}", suffix && posix.join(suffix, "extra_files")],
    ...Object.entries(map(input, "substitutions")).map(
      ([placeholder, value]): Substitution => [
        placeholder,
        word(value) ?? (mayBeEmpty(input, placeholder) ? "" : undefined),
      ],
    ),
  ];
}

/** Whether a placeholder that is empty goes alone, rather than with its line. */
const mayBeEmpty = (input: JsonMap, placeholder: string): boolean => texts(input, "empty").includes(placeholder);

/** Fills every text of a tree; of a list, an element with a placeholder that has no value is left out. */
function fillTree(tree: Json, values: Substitution[]): Json | undefined {
  if (typeof tree === "string") return fillCommands([tree], values, [], 0)[0];
  if (Array.isArray(tree)) return tree.flatMap((each) => fillTree(each, values) ?? []);
  if (!isMap(tree)) return tree;
  const filled: JsonMap = {};
  for (const [key, each] of Object.entries(tree)) {
    const value = fillTree(each, values);
    if (value === undefined) return undefined;
    filled[key] = value;
  }
  return filled;
}

/** Writes texts, their placeholders filled, to the job's TFTP folder; gives the placeholders of their names there. */
async function writeTexts(input: JsonMap, values: Substitution[], context: ServiceContext): Promise<Substitution[]> {
  const written: Substitution[] = [];
  for (const [placeholder, file] of Object.entries(map(input, "texts"))) {
    const suffix = word(dig(context.data.tftp, "suffix"));
    const name = word(dig(file, "name"));
    if (suffix === undefined || name === undefined)
      throw new JobError("The bootloader fetches files over TFTP, but nothing was deployed there");
    const line = fillCommands([plainText(dig(file, "text"))], values, [], 0)[0] ?? "";
    const path = posix.join(suffix, name);
    await mkdir(dirname(join(context.paths.tftpRoot, path)), { recursive: true });
    writeFresh(join(context.paths.tftpRoot, path), line);
    context.log.debug(`${path}: ${line}`);
    written.push([placeholder, path]);
  }
  return written;
}

function macAddress(value: string | undefined): string | undefined {
  if (value === undefined || /^[0-9a-f]{2}([:-]?)([0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(value)) return value;
  throw new ConfigurationError(`lava_mac is not a MAC address: '${value}'`);
}

/**
 * The commands with every placeholder replaced; a line with a placeholder that has no value is left out.
 * The marker line for device tree overlays becomes `dtboCommands` once for each of `dtbos` overlays.
 */
export function fillCommands(
  commands: string[],
  values: Substitution[],
  dtboCommands: string[],
  dtbos: number,
): string[] {
  const expanded = commands.flatMap((line) => {
    if (!line.includes(DTBO_MARKER)) return [line];
    return Array.from({ length: dtbos }, (_, index) =>
      dtboCommands.map((command) => command.replaceAll("{DTBO}", `{DTBO${index}}`)),
    ).flat();
  });
  return expanded.flatMap((line) => {
    for (const [placeholder, value] of values) {
      if (!line.includes(placeholder)) continue;
      if (value === undefined) return [];
      line = line.replaceAll(placeholder, () => value);
    }
    return [line];
  });
}

/** The job's own commands, or the device's set of that name. @throws JobError when there is none */
function commandsOf(input: JsonMap, context: ServiceContext): string[] {
  const { commands } = input;
  if (commands === undefined || commands === null) return [];
  if (typeof commands !== "string") {
    const list = texts(input, "commands");
    if (Array.isArray(context.action.parameters.commands))
      context.log.warning("The boot commands come from the job itself");
    return list;
  }
  const method = optionalText(input, "method") ?? "";
  const set = dig(context.device.actions, "boot", "methods", method, commands, "commands");
  if (Array.isArray(set)) return texts({ commands: set }, "commands");
  const sets = Object.entries(map({ sets: dig(context.device.actions, "boot", "methods", method) ?? null }, "sets"));
  const known = sets.filter(([, value]) => Array.isArray(dig(value, "commands"))).map(([name]) => name);
  throw new JobError(`The device has no ${method} commands of the name '${commands}'`, {
    advice: known.length ? `It has: ${known.join(", ")}.` : "Write the commands as a list in the job.",
  });
}

/** Has iPXE fetch the commands as one script instead of being typed at. Gives the commands to type. */
async function asBootScript(
  commands: string[],
  kernel: string | undefined,
  context: ServiceContext,
): Promise<string[]> {
  const folder = kernel ? posix.dirname(kernel) : word(dig(context.data.tftp, "suffix"));
  if (folder === undefined) throw new JobError("`use_bootscript` needs a kernel that is deployed over TFTP");
  const script = posix.join(folder, "script.ipxe");
  const file = join(context.paths.tftpRoot, script);
  await mkdir(dirname(file), { recursive: true });
  writeFresh(file, `#!ipxe\n${commands.map((line) => `${line}\n`).join("")}`);
  return ["dhcp net0", `chain tftp://${dispatcherIp(context.dispatcher, "tftp")}/${script}`];
}

export const bootloaderSubstitute: Service = {
  name: "bootloader-substitute",
  pure: ({ use_bootscript, texts }) => use_bootscript !== true && texts === undefined,
  async validate(input, context) {
    try {
      macAddress(optionalText(input, "lava_mac"));
      if (typeof input.commands === "string") commandsOf(input, context);
      return [];
    } catch (error) {
      if (error instanceof JobError || error instanceof ConfigurationError) return [error];
      throw error;
    }
  },
  async run(input, context) {
    const { log } = context;
    const given = commandsOf(input, context);
    const found = substitutions(input, context);
    const values = [...found, ...(await writeTexts(input, found, context))];
    const dtboCount = overlays(context.data.downloads).length;
    log.debug("substitutions:");
    for (const [placeholder, value] of values) log.debug(`- ${placeholder}: ${value ?? "None"}`);
    let commands = fillCommands(given, values, texts(input, "apply_dtbo_commands"), dtboCount);
    const known = Object.fromEntries(values.filter(([, value]) => value !== undefined)) as { [name: string]: string };
    if (input.use_bootscript === true) commands = await asBootScript(commands, known["{KERNEL}"], context);
    log.info("Parsed boot commands:");
    for (const line of commands) log.info(`- ${line}`);
    const extra: JsonMap = {};
    for (const key of ["kernel", "dtb", "ramdisk", "tee", "dtbo"]) {
      const value = known[`{${key.toUpperCase()}_ADDR}`];
      if (value !== undefined) extra[`${key}_addr`] = value;
    }
    const menu = input.menu === undefined ? undefined : fillTree(input.menu, values);
    return { data: { bootloader: { commands, ...(menu !== undefined && { menu }), substitutions: known } }, extra };
  },
};

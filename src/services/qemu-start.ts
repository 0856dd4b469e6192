import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DispatchError, JobError } from "../base/errors.js";
import { isMap, type JsonMap, own } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { ownOptions } from "./docker/container-options.js";
import { allowedDevices, presentDevices } from "./docker/devices.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { dockerRunArguments } from "./docker/run-arguments.js";
import { dig, map, optionalText, text, texts } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { findProgram, missingProgram, splitWords } from "./programs.js";
import { runProgram } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** The overlay's disk, as guest-overlay leaves it. */
export interface GuestDisk {
  file: string;
  uuid: string;
  interface: string;
  driveid: string;
}

export interface QemuCommand {
  command: string;
  options: string[];
  extra: string[];
  /** By label: the file, and the argument text that uses it. */
  images: { [label: string]: { file: string; image_arg?: string } };
  /** Further placeholders. */
  placeholders: { [name: string]: string };
  guest?: GuestDisk;
  /** Folder of the firmware. */
  firmware?: string;
}

/**
 * Fills the `{label}`s of a word that was split off before: a file name can neither add words nor, inside an option
 * list (`file={rootfs},if=virtio`), further options, as its commas are doubled there.
 */
function fill(word: string, values: { [name: string]: string }): string {
  return word.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const value = own(values, name);
    if (value === undefined) return whole;
    return whole === word ? value : value.replaceAll(",", ",,");
  });
}

/** QEMU's argument array. @throws JobError when an argument text has an open quote. */
export function qemuArguments(qemu: QemuCommand): string[] {
  const values = { ...qemu.placeholders };
  for (const [label, { file }] of Object.entries(qemu.images)) values[label] = file;
  const words = [...qemu.options, ...qemu.extra].flatMap(splitWords);
  if (qemu.firmware !== undefined) words.push("-L", qemu.firmware, "-monitor", "none");
  for (const { image_arg } of Object.values(qemu.images)) if (image_arg) words.push(...splitWords(image_arg));
  const filled = words.map((word) => fill(word, values));
  if (qemu.guest) {
    const { file, interface: bus, driveid } = qemu.guest;
    filled.push("-drive", `format=raw,file=${file.replaceAll(",", ",,")},media=disk,if=${bus},id=${driveid}`);
  }
  return [qemu.command, ...filled];
}

/** Kernel arguments for a root file system over NFS; its placeholders (in a job the label of an image) stand for the unpacked one. */
function nfsArguments(append: JsonMap, nfs: JsonMap, labels: string[]): string[] {
  const filled = (key: string) =>
    ["NFSROOTFS", ...labels].reduce(
      (text, label) => text.replaceAll(`{${label}}`, () => plainText(nfs.root)),
      plainText(append[key]).replaceAll("{NFS_SERVER_IP}", () => plainText(nfs.server)),
    );
  return ["-append", `console=${filled("console")} root=/dev/nfs ${filled("nfsrootargs")} rw ${filled("ipargs")}`];
}

/** Words as one would type them. */
const typed = (words: string[]): string =>
  words.map((word) => (/[\s"'\\]/.test(word) ? JSON.stringify(word) : word)).join(" ");

function readImages(input: JsonMap, aside: string[], context: ServiceContext): QemuCommand["images"] {
  const images: QemuCommand["images"] = {};
  for (const [label, image] of Object.entries(map(input, "images"))) {
    if (!isMap(image) || typeof image.file !== "string" || aside.includes(label)) continue;
    const { file, image_arg } = image;
    if (typeof image_arg === "string" && image_arg !== "") images[label] = { file, image_arg };
    else {
      images[label] = { file };
      context.log.debug(`The image '${label}' has no image_arg: only other arguments can use it`);
    }
  }
  return images;
}

/**
 * What a job gives for the command line may not make QEMU run programs of this machine. Words are looked at as QEMU gets
 * them: quotes hide nothing.
 * @throws JobError for the first that matches one of the patterns
 */
function refuseWords(input: JsonMap, images: QemuCommand["images"]): void {
  const patterns = texts(input, "refuse").map((pattern) => pythonRegExp(pattern));
  const given = Array.isArray(input.job_words) ? input.job_words.map(String) : [];
  for (const said of [...given, ...Object.values(images).map(({ image_arg = "" }) => image_arg)]) {
    const words = splitWords(said);
    // What follows -append is read by the guest alone.
    const ours = words.filter((_, index) => !/^--?append$/.test(words[index - 1] ?? ""));
    const refused = ours.find((word) => patterns.some((pattern) => pattern.test(word)));
    if (refused !== undefined)
      throw new JobError(`A job may not give QEMU '${refused}': it would run programs of this machine`, {
        advice: "Take it out of `image_arg` or `context`; what a lab needs stands in the device configuration.",
      });
  }
}

/** What is typed before the tests so that the overlay's disk becomes the results folder (spec pipeline.md §6). */
export const mountCommands = (folder: string, uuid: string): string[] => [
  `mkdir ${folder}`,
  `mount /dev/disk/by-uuid/${uuid} -t ext2 ${folder}`,
  `ls -la ${folder}/bin/lava-test-runner`,
];

/** Where QEMU runs: words that go before its own, the program to look up, and the container's name when it runs in one. */
interface Place {
  argv: string[];
  version: string[];
  container?: string;
}

/** On this machine. @throws InfrastructureError when it is not there */
function onWorker(command: string, { env, paths }: ServiceContext): Place {
  const program = findProgram(command, env, paths.deviceDir);
  if (!program) throw missingProgram(command);
  return { argv: [program], version: [program, "--version"] };
}

/** In the job's container, which sees the job's files and this machine's network. */
async function inContainer(command: string, input: JsonMap, context: ServiceContext): Promise<Place> {
  const { jobId, action, paths, env } = context;
  const docker = dockerMapOf(input.container, jobId);
  const name = docker.containerName ?? `lava-docker-qemu-${jobId}-${action.level}`;
  const { globalOptions, options } = ownOptions(input.container_options);
  const program = optionalText(map(input, "container"), "binary") ?? command;
  await prepareImage(docker, globalOptions, context);
  const remove = (signal: AbortSignal) =>
    runProgram(["docker", ...globalOptions, "rm", "--force", name], { ...context, signal, quiet: true });
  context.onCleanup(remove);
  const shown = ["QEMU_AUDIO_DRV"].flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]] as const]));
  return {
    container: name,
    argv: dockerRunArguments({
      image: docker.image,
      name,
      ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
      globalOptions,
      options,
      terminal: true,
      devices: [
        ...new Set([
          ...(await allowedDevices(docker.devices, context.log)),
          ...presentDevices(texts(input, "present")),
        ]),
      ],
      mounts: [{ source: paths.work, destination: paths.work }],
      environment: Object.fromEntries(shown),
      command: [program],
    }),
    version: dockerRunArguments({ image: docker.image, globalOptions, command: [program, "--version"] }),
  };
}

const isInContainer = ({ container }: JsonMap): boolean => isMap(container);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Starts QEMU and opens its console; an old console of the namespace is closed first.
 * Inputs: command, options, extra (texts, split by shell rules), images (data.downloads), aside? (labels of images that are
 * no arguments of QEMU's: a root file system that was unpacked), guest? (data.guest), boot_options? (further placeholders),
 * append? (console, nfsrootargs, ipargs: root over NFS), uefi? (data.downloads.uefi, or a path: file or folder of the
 * firmware), method (shown in logs), job_words? (what the job gives to the device's options), refuse? (patterns: words that
 * neither these nor an image's argument may hold), kvm? (path that is there where KVM is), container? (the job's docker map,
 * with `binary`, the program's name there), container_options? (of the device), present? (device files that the container
 * gets where this machine has them).
 * Data: pre_commands when there is a guest disk; emulator.container, the name of the container that it runs in.
 */
export const qemuStart: Service = {
  name: "qemu-start",
  opensConsole: true,
  programs: ({ input }) =>
    isInContainer(input) ? ["docker"] : typeof input.command === "string" ? [input.command] : [],

  async validate(input, { jobId }) {
    const errors: DispatchError[] = [];
    try {
      refuseWords(input, {});
      if (isInContainer(input)) dockerMapOf(input.container, jobId);
    } catch (error) {
      if (!(error instanceof DispatchError)) throw error;
      errors.push(error);
    }
    const kvm = optionalText(input, "kvm");
    // As LAVA: the option as an entry of its own in the device's list. In any other form QEMU itself decides, which may
    // have another accelerator to fall back on.
    if (texts(input, "options").includes("-enable-kvm") && kvm !== undefined && !existsSync(kvm))
      errors.push(
        new JobError("The device's options have -enable-kvm, but this machine has no KVM", {
          advice: `Load the kernel's module (it makes ${kvm}), or give the job \`context: {no_kvm: true}\`.`,
        }),
      );
    return errors;
  },

  async run(input, context) {
    const { log, signal, clock, env, paths } = context;
    const { namespace } = context.action;
    const command = text(input, "command");
    const guest =
      isMap(input.guest) && typeof input.guest.file === "string" ? (input.guest as unknown as GuestDisk) : undefined;
    const uefi = isMap(input.uefi) ? optionalText(input.uefi, "file") : optionalText(input, "uefi");
    const aside = texts(input, "aside");
    const images = readImages(input, aside, context);
    refuseWords(input, images);
    const place = isInContainer(input) ? await inContainer(command, input, context) : onWorker(command, context);
    const [, ...own] = qemuArguments({
      command,
      options: texts(input, "options"),
      extra: texts(input, "extra"),
      images,
      placeholders: Object.fromEntries(
        Object.entries(map(input, "boot_options")).map(([name, value]) => [name, plainText(value)]),
      ),
      ...(guest && { guest }),
      ...(uefi !== undefined && { firmware: isFolder(uefi) ? uefi : dirname(uefi) }),
    });
    const argv = [...place.argv, ...own];
    if (isMap(input.append)) argv.push(...nfsArguments(input.append, map(context.data, "nfs"), aside));
    const { console: old } = context;
    if (old) {
      log.debug(`Closing the old connection of namespace '${namespace}'`);
      context.setConsole(undefined);
      await old.close();
    }
    // An emulator in a container outlives its console.
    const before = dig(context.data.emulator, "container");
    if (typeof before === "string")
      await runProgram(["docker", ...ownOptions(input.container_options).globalOptions, "rm", "--force", before], {
        ...context,
        quiet: true,
      });
    log.info(`Boot command: ${typed(argv)}`);
    const { openConnection } = await import("../connections/index.js");
    const [connection, version] = await Promise.all([
      openConnection(argv, { signal, clock, env, cwd: paths.work }),
      runProgram(place.version, { ...context, quiet: true }).then(
        ({ output }) => /version (\S+)/.exec(output)?.[1],
        () => undefined,
      ),
    ]);
    context.setConsole(context.openConsole(connection, optionalText(input, "method") ?? command));
    const results = dig(context.data, "overlay", "results_dir");
    if (guest && typeof results !== "string") throw new JobError("There is a disk for the overlay, but no overlay");
    const arch = dig(context.job, "context", "arch");
    return {
      data: {
        ...(place.container !== undefined && { emulator: { container: place.container } }),
        ...(guest && { pre_commands: mountCommands(String(results), guest.uuid) }),
      },
      extra: {
        ...(version && { qemu_version: version }),
        host_arch: HOST_ARCHITECTURES[process.arch] ?? process.arch,
        ...(typeof arch === "string" && { job_arch: arch }),
      },
    };
  },
};

/** Debian's names of Node's architectures. */
const HOST_ARCHITECTURES: { [name: string]: string } = { x64: "amd64", ia32: "i386", arm: "armhf", ppc64: "ppc64el" };

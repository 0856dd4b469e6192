import { open, readdir } from "node:fs/promises";
import { basename } from "node:path";
import { DispatchError, JobError } from "../base/errors.js";
import { deepMerge, type JsonMap } from "../base/json.js";
import { checkAbsent } from "./check-absent.js";
import { copyFiles } from "./copy-files.js";
import { appearance } from "./devices/usb-devices.js";
import { sleep } from "./download/sleep.js";
import { mountDevice } from "./mount-device.js";
import { optionalText, text, texts } from "./overlay/inputs.js";
import { readInside } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";
import { unmountDevice } from "./unmount-device.js";

/** ms between two looks at a disk that is to go and come, and after which it is looked into although it did not go. */
const LOOK = 100;
const LOOK_INTO = 2_000;

/** Runs `use` with the folder where the disk is mounted. */
async function mounted<T>(
  input: JsonMap,
  context: ServiceContext,
  use: (directory: string, inside: ServiceContext) => Promise<T>,
): Promise<{ value: T; appearance: string | undefined }> {
  const type = optionalText(input, "type");
  const result = await mountDevice.run({ device: text(input, "device"), ...(type && { type }) }, context);
  const inside: ServiceContext = { ...context, data: deepMerge(context.data, result?.data ?? {}) };
  const { directory, appearance } = inside.data.mount as { directory: string; appearance: string | undefined };
  const value = await use(directory, inside);
  await unmountDevice.run({}, inside);
  return { value, appearance };
}

/** What is on the disk, and what the debugger says of itself there. */
async function tellContents(directory: string, input: JsonMap, { log }: ServiceContext): Promise<string[]> {
  const names = (await readdir(directory)).sort();
  log.debug(`On the disk: ${names.join(", ") || "nothing"}`);
  const details = optionalText(input, "details");
  if (details !== undefined && names.includes(details))
    for (const line of (await readInside(directory, details, "The file")).trim().split(/\r?\n/)) log.debug(`- ${line}`);
  return names;
}

/** Whether the first bytes of a disk can be read: a drive whose medium is away has none. */
async function canBeRead(device: string): Promise<boolean> {
  const handle = await open(device).catch(() => undefined);
  if (!handle) return false;
  try {
    return (await handle.read(Buffer.alloc(512), 0, 512, 0)).bytesRead > 0;
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/**
 * Waits until a debugger has taken its disk, or the medium in it, away and shows it again, which it does when it has flashed.
 * One that was quicker than the first look is known by its contents: what was copied is not there any more.
 */
async function comeAnew(input: JsonMap, before: string | undefined, files: string[], context: ServiceContext) {
  const { log, clock } = context;
  const device = text(input, "device");
  const names = files.map((file) => basename(file));
  log.debug(`Waiting for ${device} to go away and come again`);
  let gone = false;
  for (let looked = clock.now(); ; await sleep(LOOK, context)) {
    const now = await appearance(device);
    const isThere = now !== undefined && (await canBeRead(device));
    if (!isThere && !gone) log.debug(`${device} went away`);
    gone ||= !isThere;
    if (isThere && (gone || now !== before)) return log.debug(`${device} is there again`);
    if (clock.now() - looked < LOOK_INTO) continue;
    looked = clock.now();
    const found = await mounted(input, context, (directory) => readdir(directory)).catch((error) => {
      if (context.signal.aborted || !(error instanceof DispatchError)) throw error;
      return undefined;
    });
    if (found && !names.some((name) => found.value.includes(name)))
      return log.debug(`${device} does not have the files any more: they were taken`);
  }
}

/**
 * Copies files to a disk that a board shows over USB: mounts it, copies, unmounts (which writes everything).
 * Inputs: device (a file below /dev), type? (of its file system), files (absolute paths), details? (name of the file in which
 * the debugger tells of itself), anew? (the disk goes away and comes again), failure? (name of the file in which it then tells
 * what went wrong), settle? (ms to wait then).
 */
export const copyToDisk: Service = {
  name: "copy-to-disk",
  programs: (known) => mountDevice.programs?.(known) ?? [],
  validate: async (input, context) => (await mountDevice.validate?.(input, context)) ?? [],

  async run(input, context) {
    const files = texts(input, "files");
    if (files.length === 0)
      throw new JobError("There is nothing to copy", {
        advice: "A deploy block of this namespace has to name `images`.",
      });
    const first = await mounted(input, context, async (directory, inside) => {
      await tellContents(directory, input, context);
      for (const from of files) await copyFiles.run({ from, into: directory }, inside);
    });
    if (input.anew === true) {
      await comeAnew(input, first.appearance, files, context);
      await mounted(input, context, async (directory, inside) => {
        await tellContents(directory, {}, context);
        const name = optionalText(input, "failure");
        if (name !== undefined) await checkAbsent.run({ directory, name }, inside);
      });
    }
    if (typeof input.settle === "number" && input.settle > 0) await sleep(input.settle, context);
    return { data: { mount: { device: text(input, "device"), directory: null } }, extra: { files: files.length } };
  },
};

/** Which device files of the worker a job's container gets when the job asks for them. */
import { existsSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { Logger } from "../../base/log.js";

const DEVICE = /^\/dev\/(?!.*\.\.)[\w./:-]+$/;
/** Whoever has these has the worker: its memory, and all of its disks but those that are made of files. */
const MEMORY = /^\/dev\/(mem|kmem|port|core)$/;
const LOOP = /^\/dev\/loop/;

/** Why a job's container does not get a device file; undefined when it may. */
async function deviceRefusal(device: string): Promise<string | undefined> {
  if (!DEVICE.test(device)) return "is no device file";
  const path = await realpath(device).catch(() => device);
  if (MEMORY.test(path)) return "is the memory of this machine";
  const isBlock = await stat(path).then(
    (found) => found.isBlockDevice(),
    () => false,
  );
  return isBlock && !LOOP.test(path) ? "is a disk of this machine" : undefined;
}

/** Those that a job may ask for; of each other one the log tells why not. */
export async function allowedDevices(asked: string[], log: Logger): Promise<string[]> {
  const allowed: string[] = [];
  for (const device of asked) {
    const refusal = await deviceRefusal(device);
    if (refusal === undefined) allowed.push(device);
    else log.warning(`'${device}' ${refusal}: the container does not get it`);
  }
  return allowed;
}

/** Those that this machine has. */
export const presentDevices = (devices: string[]): string[] => devices.filter((device) => existsSync(device));

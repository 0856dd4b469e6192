/**
 * Devices that come while a container runs (a board that reboots comes onto USB anew): udev hands them over, where the
 * worker has LAVA's rules for it. They read a map of what goes where.
 */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../base/json.js";
import type { ServiceContext } from "../types.js";

/**
 * Writes `<folder>/<job>/usbmap.yaml` until the job ends: a list of `{device_info, container, container_type, job_id}`.
 * @param folder where the rules look; without it nothing is written
 * @returns whether devices that come later reach the container
 */
export async function mapDevices(
  infos: Json[],
  container: string,
  folder: string | undefined,
  { jobId, log, onCleanup }: Pick<ServiceContext, "jobId" | "log" | "onCleanup">,
): Promise<boolean> {
  const isThere =
    folder !== undefined &&
    (await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    ));
  if (!isThere) return false;
  const own = join(folder, jobId);
  const file = join(own, "usbmap.yaml");
  const { stringify } = await import("yaml");
  const entries = infos.map((info) => ({ device_info: info, container, container_type: "docker", job_id: jobId }));
  try {
    await mkdir(own, { recursive: true });
    await writeFile(file, stringify(entries, { version: "1.1" }));
  } catch (error) {
    log.warning(`Devices that come while the container runs will not reach it: ${(error as Error).message}`);
    return false;
  }
  onCleanup(async () => rm(file, { force: true }));
  return true;
}

/** The gold-standard job that a device configuration names. */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Problem } from "../base/problem.js";
import { problemAt } from "../definition/schema-problems.js";
import type { LoadedDevice } from "../device/load-device.js";
import type { GoldJob } from "../interpreter/gold-job.js";
import type { InputTexts } from "./load-inputs.js";

/**
 * `gold` of the device configuration; its path begins at the folder of the file that says it, device type or dictionary.
 * A job that is not there is a warning.
 */
export function goldJob(
  { device, parsed }: LoadedDevice,
  { jobFile, deviceFile, dispatcher, variables }: InputTexts,
  cwd: string,
): { gold?: GoldJob; problems: Problem[] } {
  const { gold } = device;
  if (typeof gold !== "string" || gold === "") return { problems: [] };
  const saidBy = parsed.locate(["gold"])?.file ?? deviceFile;
  const path = resolve(cwd, dirname(saidBy), gold);
  if (!existsSync(path)) {
    const hint = "write a job that is known to be good, or take `gold` away";
    return { problems: [problemAt(parsed, ["gold"], "warning", `there is no gold-standard job ${gold}`, { hint })] };
  }
  const job = shown(path, cwd);
  const words = ["lava-dispatch", "run", "--device", deviceFile];
  if (dispatcher) words.push("--dispatcher", dispatcher.file);
  for (const [key, value] of Object.entries(variables)) words.push("--set", `${key}=${value}`);
  return { gold: { job, command: [...words, job], itself: resolve(cwd, jobFile) === path }, problems: [] };
}

/** Relative where it is below the current folder. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") ? path : short;
}

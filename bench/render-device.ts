/** A rendered LAVA device from a device dictionary of this project, for the peer. */
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { deviceTemplates } from "../src/cli/device-templates.js";
import { loadDevice } from "../src/device/load-device.js";

/** @throws with the first problem of the device */
export async function renderDevice(file: string, variables: Record<string, string | number> = {}): Promise<string> {
  const text = readFileSync(file, "utf8");
  const { device, problems } = await loadDevice(text, file, {
    variables,
    ...deviceTemplates(file, { cwd: process.cwd() }),
  });
  const error = problems.find(({ severity }) => severity === "error");
  if (error) throw new Error(`${file}: ${error.message}`);
  // Named by a path from the device dictionary's folder, which the rendered file is not in.
  const { gold: _, ...rest } = device;
  return stringify(rest);
}

import { mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { appearance } from "./devices/usb-devices.js";
import { optionalText, text } from "./overlay/inputs.js";
import { mustSucceed, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** A file below /dev, by a name that no program takes for an option or for something else. */
const DEVICE = /^(?!.*\/\.\.?(?:\/|$))\/dev\/[\w./:+@=,\\-]+$/;

/**
 * Mounts a file system of a device on the worker, without programs or devices of it being used; unmounted at the end.
 * Inputs: device (a file below /dev), type? (of its file system, which is tried first: another one is mounted with a warning).
 * Data: mount {device, directory, appearance}.
 */
export const mountDevice: Service = {
  name: "mount-device",
  programs: () => ["mount", "umount"],

  async validate(input) {
    return typeof input.device === "string" && !DEVICE.test(input.device)
      ? [new ConfigurationError(`'${input.device}' is not a device file that can be mounted`)]
      : [];
  },

  async run(input, context) {
    const { action, log, paths } = context;
    const device = text(input, "device");
    if (!DEVICE.test(device)) throw new ConfigurationError(`'${device}' is not a device file that can be mounted`);
    const directory = join(paths.work, `mount-${action.level}`);
    await mkdir(directory, { recursive: true });
    context.onCleanup(async (signal) => {
      // Where it stands no more, it was unmounted in time.
      if (!(await stat(directory).catch(() => undefined))) return;
      await runProgram(["umount", directory], { ...context, signal, quiet: true });
      await rmdir(directory).catch((error: Error) => log.warning(`'${directory}' is left: ${error.message}`));
    });
    const seen = await appearance(device);
    const type = optionalText(input, "type");
    const words = ["-o", "nosuid,nodev,noexec", "--", device, directory];
    const mounted = type !== undefined && (await runProgram(["mount", "-t", type, ...words], context)).code === 0;
    if (!mounted) {
      await mustSucceed(["mount", ...words], { ...context, error: action.commandError });
      if (type !== undefined) log.warning(`The file system of ${device} is not ${type}, as it should be`);
    }
    return { data: { mount: { device, directory, appearance: seen ?? null } } };
  },
};

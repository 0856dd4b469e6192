import { dirname, join } from "node:path";
import { JobError } from "../base/errors.js";
import { dig, text } from "./overlay/inputs.js";
import { overlayOf } from "./overlay/layout.js";
import { mustSucceed, programFailure, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** Pushes the test overlay's folder to a device with adb: no tar is needed there. Inputs: serial. Nothing to do without an overlay. */
export const adbOverlay: Service = {
  name: "adb-overlay",
  programs: () => ["adb"],

  async run(input, context) {
    const serial = text(input, "serial");
    if (typeof dig(context.data.overlay, "tarball") !== "string") {
      context.log.debug("There is no test overlay for the device");
      return undefined;
    }
    const { directory, results_dir: resultsDir } = overlayOf(context);
    // The device's shell reads the words of `adb shell`.
    if (!/^(\/[\w.-]+)+$/.test(resultsDir)) throw new JobError(`'${resultsDir}' cannot be a folder on the device`);
    const adb = (...words: string[]) => ["adb", "-s", serial, ...words];
    // A folder goes into the one above it, which is there on every device: /data/local/tmp into /data/local.
    const folder = dirname(resultsDir) === "/" ? resultsDir : dirname(resultsDir);
    await mustSucceed(adb("push", join(directory, folder), dirname(folder)), {
      ...context,
      error: context.action.commandError,
    });
    const modes = adb("shell", "/system/bin/chmod", "-R", "0777", resultsDir);
    const result = await runProgram(modes, context);
    if (result.code !== 0) context.log.warning(programFailure(modes, result, context.action.commandError).message);
    return undefined;
  },
};

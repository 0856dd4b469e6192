import { basename } from "node:path";
import { JobError } from "../base/errors.js";
import { dig, text } from "./overlay/inputs.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** Where tarballs lie on the device until they are unpacked. */
const PLACE = "/data/local/tmp";

/** Pushes the test overlay to a device with adb and unpacks it there. Inputs: serial. Nothing to do without an overlay. */
export const adbOverlay: Service = {
  name: "adb-overlay",
  programs: () => ["adb"],

  async run(input, context) {
    const serial = text(input, "serial");
    const tarball = dig(context.data.overlay, "tarball");
    if (typeof tarball !== "string") {
      context.log.debug("There is no test overlay for the device");
      return undefined;
    }
    const file = `${PLACE}/${basename(tarball)}`;
    if (!/^[\w./-]+$/.test(file)) throw new JobError(`'${file}' cannot be a file on the device`);
    const options = { ...context, error: context.action.commandError };
    const adb = (...words: string[]) => mustSucceed(["adb", "-s", serial, ...words], options);
    await adb("push", tarball, file);
    // The device's shell reads the words of `adb shell`; names here are the dispatcher's own.
    await adb("shell", "tar", "-C", "/", "-xzf", file);
    await adb("shell", "rm", "-f", file);
    return undefined;
  },
};

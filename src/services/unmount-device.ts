import { rmdir } from "node:fs/promises";
import { LAVABug } from "../base/errors.js";
import { dig } from "./overlay/inputs.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** Unmounts what `mount-device` mounted last: when it returns, everything is written. Data: mount.directory (null). */
export const unmountDevice: Service = {
  name: "unmount-device",
  programs: () => ["umount"],

  async run(_input, context) {
    const directory = dig(context.data.mount, "directory");
    if (typeof directory !== "string") throw new LAVABug("Nothing is mounted in this namespace");
    await mustSucceed(["umount", directory], { ...context, error: context.action.commandError });
    await rmdir(directory);
    return { data: { mount: { directory: null } } };
  },
};

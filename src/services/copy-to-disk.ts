import { JobError } from "../base/errors.js";
import { deepMerge, type JsonMap } from "../base/json.js";
import { copyFiles } from "./copy-files.js";
import { sleep } from "./download/sleep.js";
import { mountDevice } from "./mount-device.js";
import { text, texts } from "./overlay/inputs.js";
import type { Service, ServiceContext } from "./types.js";
import { unmountDevice } from "./unmount-device.js";

/**
 * Copies files to a disk that a board shows over USB: mounts it, copies, unmounts (which writes everything).
 * Inputs: device (a file below /dev), files (absolute paths), settle? (ms to wait then).
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
    const mounted = await mountDevice.run({ device: text(input, "device") }, context);
    const inside: ServiceContext = { ...context, data: deepMerge(context.data, mounted?.data ?? {}) };
    const { directory } = inside.data.mount as JsonMap;
    for (const from of files) await copyFiles.run({ from, into: directory ?? null }, inside);
    const unmounted = await unmountDevice.run({}, inside);
    if (typeof input.settle === "number" && input.settle > 0) await sleep(input.settle, context);
    return { data: deepMerge(mounted?.data ?? {}, unmounted?.data ?? {}), extra: { files: files.length } };
  },
};

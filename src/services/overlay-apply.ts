/** Unpacks the overlay's tarball into a target's root on the worker. */
import { createReadStream } from "node:fs";
import { dig, optionalText } from "./overlay/inputs.js";
import { overlayOf } from "./overlay/layout.js";
import { unpackStream } from "./overlay/unpack.js";
import { untar } from "./overlay/untar.js";
import type { Service } from "./types.js";

export const overlayApply: Service = {
  name: "overlay-apply",
  async run(input, context) {
    const { action, log, signal } = context;
    const tarball = optionalText(input, "tarball");
    const into = optionalText(input, "into");
    if (!tarball || !into) {
      log.debug(tarball ? "The overlay goes nowhere here" : "There is no overlay");
      return undefined;
    }
    log.info(`[${action.namespace}] Applying overlay ${tarball} to ${into}`);
    const ramdisk = context.data.ramdisk;
    // A ramdisk takes the overlay's own tree when it is made: no need to unpack what was packed a moment ago.
    if (into === dig(ramdisk, "directory") && tarball === dig(context.data.overlay, "tarball"))
      return { data: { ramdisk: { overlay: overlayOf(context).directory } } };
    const source = unpackStream(createReadStream(tarball), undefined, context, "The overlay");
    const { members } = await untar(source, into, { signal, what: "The overlay", owners: true });
    log.debug(`${members} files and folders`);
    return undefined;
  },
};

/** Unpacks the overlay's tarball into a target's root on the worker. */
import { createReadStream } from "node:fs";
import { optionalText } from "./overlay/inputs.js";
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
    const source = unpackStream(createReadStream(tarball), undefined, context, "The overlay");
    const { members } = await untar(source, into, { signal, what: "The overlay", owners: true });
    log.debug(`${members} files and folders`);
    return undefined;
  },
};

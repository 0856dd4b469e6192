import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { bounded } from "./files/bounded.js";
import { optionalText, text } from "./overlay/inputs.js";
import { tftpName } from "./overlay/layout.js";
import { programOptions } from "./overlay/unpack.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** Bootloaders of 64-bit ARM boards unpack the kernel themselves. */
const PACKED = "arm64";

/**
 * Joins kernel, device tree and ramdisk into one FIT image (spec runtime.md §8). Without `arch` there is none.
 * Inputs: kernel, dtb?, ramdisk?, arch?, load_address?, directory. Data: fit {name}, relative to the TFTP root.
 */
export const fitImage: Service = {
  name: "fit-image",
  programs: ({ input }) =>
    typeof input.arch === "string" ? ["mkimage", ...(input.arch === PACKED ? ["lzma"] : [])] : [],

  async run(input, context) {
    const { action, log } = context;
    const arch = optionalText(input, "arch");
    if (!arch) {
      log.debug("The device gives no `mkimage_arch`: no FIT image is made");
      return undefined;
    }
    const address = optionalText(input, "load_address");
    if (!address) throw new ConfigurationError("The device gives no `load_address`, which a FIT image needs");
    const directory = text(input, "directory");
    const options = { ...programOptions(context), error: action.commandError };
    let kernel = text(input, "kernel");
    if (arch === PACKED) {
      const packed = ["lzma", "--keep", "--force", kernel];
      kernel = `${kernel}.lzma`;
      await bounded(context, { into: kernel, what: "The packed kernel" }, (bounds) =>
        mustSucceed(packed, { ...options, ...bounds }),
      );
    }
    const image = join(directory, "image.itb");
    context.onCleanup(() => rm(image, { force: true }));
    const [dtb, ramdisk] = [optionalText(input, "dtb"), optionalText(input, "ramdisk")];
    const argv = [
      ...["mkimage", "-D", "-I dts -O dtb -p 2048", "-f", "auto", "-A", arch, "-O", "linux", "-T", "kernel"],
      ...["-C", arch === PACKED ? "lzma" : "none", "-d", kernel, "-a", address],
      ...(dtb ? ["-b", dtb] : []),
      ...(ramdisk ? ["-i", ramdisk] : []),
      image,
    ];
    await bounded(context, { into: image, what: "The FIT image" }, (bounds) =>
      mustSucceed(argv, { ...options, ...bounds }),
    );
    return { data: { fit: { name: tftpName(context, image) } } };
  },
};

/** Makes the new ramdisk: the one of the job and, after it, what was added (spec runtime.md §8). */
import { copyFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { compressionProgram } from "./download/decompress.js";
import { bounded } from "./files/bounded.js";
import { jobFolderName } from "./job-folder-name.js";
import { dig, optionalText } from "./overlay/inputs.js";
import { overlayOf, tftpName } from "./overlay/layout.js";
import { appendToRamdisk, ramdiskCompression } from "./overlay/ramdisk-append.js";
import { treeOf } from "./overlay/tree.js";
import { programOptions } from "./overlay/unpack.js";
import { mustSucceed } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** The header that a device's bootloader wants before a ramdisk. */
const HEADER = "u-boot";

/** The overlay's own folder at the top, where it is one; no ramdisk has it. */
function ownFolders(context: ServiceContext): string[] {
  if (!context.data.overlay) return [];
  const parts = overlayOf(context).results_dir.split("/").filter(Boolean);
  return parts.length === 1 ? parts : [];
}

export const ramdiskCompress: Service = {
  name: "ramdisk-compress",
  programs({ input }) {
    const compression = typeof input.compression === "string" ? compressionProgram(input.compression) : undefined;
    return [...(compression ? [compression] : []), ...(input.add_header === HEADER ? ["mkimage"] : [])];
  },
  async run(input, context) {
    const { log, paths, data } = context;
    const file = dig(data.ramdisk, "base");
    const directory = dig(data.ramdisk, "directory");
    if (typeof file !== "string" || typeof directory !== "string") {
      log.debug("No ramdisk to make");
      return undefined;
    }
    const ramdisk = { file, offset: Number(dig(data.ramdisk, "offset") ?? 0) };
    const compression = await ramdiskCompression(ramdisk);
    const folder =
      optionalText(input, "name_directory") ??
      join(paths.tftpRoot, optionalText(input, "suffix") ?? jobFolderName(context));
    const name = `ramdisk.cpio${compression ? `.${compression}` : ""}`;
    let result = join(folder, "ramdisk", name);
    await mkdir(dirname(result), { recursive: true });
    const overlay = dig(data.ramdisk, "overlay");
    const members = [...(await treeOf(directory)), ...(typeof overlay === "string" ? await treeOf(overlay) : [])];
    log.info(`Building the ramdisk ${result}: ${file} and ${members.length} more files and folders`);
    const unfinished = join(paths.work, `${name}.new`);
    await appendToRamdisk(ramdisk, members, unfinished, context, { own: ownFolders(context) });
    if (input.add_header === HEADER) {
      const arch = optionalText(input, "arch");
      if (!arch)
        throw new ConfigurationError("The device gives no `mkimage_arch`, which a ramdisk with a header needs");
      result += ".uboot";
      const argv = ["mkimage", "-A", arch, "-T", "ramdisk", "-C", "none", "-d", unfinished, result];
      await bounded(context, { into: result, what: "The ramdisk with its header" }, (bounds) =>
        mustSucceed(argv, { ...programOptions(context), error: context.action.commandError, ...bounds }),
      );
    } else {
      // Another file system, often: then a copy.
      await rename(unfinished, result).catch(() => copyFile(unfinished, result));
    }
    log.debug(`${(await stat(result)).size} bytes`);
    return { data: { ramdisk: { file: result, name: tftpName(context, result) } } };
  },
};

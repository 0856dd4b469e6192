/** Unpacks a root file system for a board that mounts it over the network. */
import { createReadStream } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { dispatcherIp } from "./dispatcher-ip.js";
import { optionalText } from "./overlay/inputs.js";
import { freshFolder, insidePath } from "./overlay/safe-files.js";
import { unpackStream } from "./overlay/unpack.js";
import { untar } from "./overlay/untar.js";
import type { Service } from "./types.js";

export const rootfsExtract: Service = {
  name: "rootfs-extract",
  async run(input, context) {
    const { action, paths, log, signal } = context;
    const file = optionalText(input, "file");
    if (!file) {
      log.debug("No root file system to unpack");
      return undefined;
    }
    const directory = join(paths.work, `rootfs-${action.level}`);
    await freshFolder(directory);
    await chmod(directory, 0o755);
    log.info(`Unpacking ${file} to ${directory}`);
    const source = unpackStream(
      createReadStream(file),
      optionalText(input, "compression"),
      context,
      "The root file system",
    );
    const report = await untar(source, directory, { signal, what: "The root file system", owners: true });
    if (report.skipped.length)
      log.debug(`${report.skipped.length} device nodes and the like were left out: the kernel's devtmpfs has them`);
    if (process.getuid?.() !== 0) log.warning("Not root: every file of the root file system belongs to this user");
    const prefix = optionalText(input, "prefix");
    const root = prefix === undefined ? directory : join(directory, insidePath(prefix.replace(/^\/+/, ""), "`prefix`"));
    await mkdir(root, { recursive: true });
    const server = dispatcherIp(context.dispatcher, "nfs");
    return {
      data: {
        rootfs: { directory: root },
        nfs: { root, server },
        dynamic_data: { NFS_ROOTFS: root, NFS_SERVER_IP: server },
      },
    };
  },
};

import { createReadStream } from "node:fs";
import { mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { nfsAddress } from "./nfs-check.js";
import { optionalText, text } from "./overlay/inputs.js";
import { unpackStream } from "./overlay/unpack.js";
import { untar } from "./overlay/untar.js";
import { mustSucceed, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** Unpacks the test overlay into a root file system of another machine's NFS server. Inputs: address, tarball (null: nothing). */
export const nfsOverlay: Service = {
  name: "nfs-overlay",
  programs: () => ["mount", "umount"],

  async run(input, context) {
    const tarball = optionalText(input, "tarball");
    if (tarball === undefined) return undefined;
    const { server, root } = nfsAddress(text(input, "address"), context);
    const { action, paths, log, signal } = context;
    const directory = join(paths.work, `nfs-${action.level}`);
    await mkdir(directory, { recursive: true });
    context.onCleanup(async (signal) => {
      if (!(await stat(directory).catch(() => undefined))) return;
      await runProgram(["umount", directory], { ...context, signal, quiet: true });
      await rmdir(directory).catch((error: Error) => log.warning(`'${directory}' is left: ${error.message}`));
    });
    const options = { ...context, error: "InfrastructureError" } as const;
    await mustSucceed(
      ["mount", "-t", "nfs", "-o", "nosuid,nodev,nolock", "--", `${server}:${root}`, directory],
      options,
    );
    const source = unpackStream(createReadStream(tarball), undefined, context, "The overlay");
    await untar(source, directory, { signal, what: "The overlay", owners: true });
    await mustSucceed(["umount", directory], options);
    await rmdir(directory);
    return undefined;
  },
};

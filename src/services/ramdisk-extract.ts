/**
 * Opens a ramdisk for additions: later actions put files into the folder that it gives, and ramdisk-compress makes
 * the new ramdisk. The archive itself is not unpacked (see overlay/ramdisk-append.ts).
 */

import { open } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../base/errors.js";
import { own } from "../base/json.js";
import { optionalText } from "./overlay/inputs.js";
import { ramdiskCompression } from "./overlay/ramdisk-append.js";
import { freshFolder } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** The headers that can be told before a ramdisk. */
const HEADERS: { [name: string]: { magic: string; size: number } } = { "u-boot": { magic: "27051956", size: 64 } };

/** Bytes to leave out before the archive. @throws JobError when the header is not there, or of an unknown kind */
async function headerSize(file: string, name: string | undefined): Promise<number> {
  if (name === undefined) return 0;
  const header = own(HEADERS, name);
  if (!header) throw new JobError(`Unknown ramdisk header '${name}' (known: ${Object.keys(HEADERS).join(", ")})`);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead < 4 || buffer.toString("hex") !== header.magic)
      throw new JobError(`The ramdisk has no ${name} header`, {
        advice: "Remove `header` from the ramdisk in the job.",
      });
    return header.size;
  } finally {
    await handle.close();
  }
}

export const ramdiskExtract: Service = {
  name: "ramdisk-extract",
  async run(input, context) {
    const { action, paths, log } = context;
    const file = optionalText(input, "file");
    if (!file || input.skip === true) {
      log.debug(file ? "Nothing is added to the ramdisk: it is used as it is" : "No ramdisk");
      return undefined;
    }
    const offset = await headerSize(file, optionalText(input, "header"));
    const compression = await ramdiskCompression({ file, offset });
    const said = optionalText(input, "compression");
    if (said !== undefined && said !== compression)
      log.warning(`The job says that the ramdisk's compression is ${said}, but it is ${compression ?? "none"}`);
    const directory = join(paths.work, `ramdisk-${action.level}`);
    await freshFolder(directory);
    log.debug(`Additions to ${file} (compression: ${compression ?? "none"}) are collected in ${directory}`);
    return { data: { ramdisk: { directory, base: file, offset, overlay: null } } };
  },
};

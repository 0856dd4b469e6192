import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../base/errors.js";
import { takeRoom } from "./files/room.js";
import { text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

const UNITS: { [unit: string]: number } = { M: 2 ** 20, G: 2 ** 30 };

/** An empty disk (raw, sparse). Inputs: size (`800M`, `2G`), name. Data: installer {disk}. */
export const emptyImage: Service = {
  name: "empty-image",

  async run(input, context) {
    const size = text(input, "size");
    const [, number, unit] = /^(\d+)([MG])$/.exec(size) ?? [];
    if (!number || !unit) throw new JobError(`'${size}' is no size of a disk`, { advice: "For example: 2G" });
    const file = join(context.paths.work, insidePath(text(input, "name"), "The disk's name"));
    const bytes = Number(number) * (UNITS[unit] as number);
    takeRoom(context, bytes, `An empty disk of ${size}`);
    context.onCleanup(() => rm(file, { force: true }));
    await rm(file, { recursive: true, force: true });
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.truncate(bytes);
    } finally {
      await handle.close();
    }
    context.log.debug(`made an empty disk of ${size}: ${file}`);
    return { data: { installer: { disk: file } }, extra: { success: file } };
  },
};

import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { takeRoom } from "./files/room.js";
import { text } from "./overlay/inputs.js";
import { overlayOf, resultsFolder } from "./overlay/layout.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** The UUID of the disk: the same for the same action of the same job. */
function diskUuid(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}

/**
 * A disk with the contents of the overlay's results folder: ext2, label LAVA, no root and no mount needed.
 * Inputs: size (MB), interface, driveid. Data: guest {file, uuid, name, interface, driveid}.
 */
export const guestOverlay: Service = {
  name: "guest-overlay",
  programs: () => ["mke2fs"],

  async run(input, context) {
    const overlay = overlayOf(context);
    if ((overlay as { applied?: boolean }).applied) {
      context.log.debug("Overlay already applied");
      return undefined;
    }
    const name = `lava-guest-${context.action.level}.img`;
    const file = join(context.paths.work, name);
    const uuid = diskUuid(`${context.jobId} ${context.action.level}`);
    const asked = Number(input.size);
    const size = Number.isFinite(asked) && asked > 0 ? Math.ceil(asked) : 512;
    takeRoom(context, size * 2 ** 20, `The guest's disk of ${size} MB`);
    const folder = resultsFolder(overlay);
    context.onCleanup(() => rm(file, { force: true }));
    await rm(file, { force: true });
    const argv = [
      "mke2fs",
      "-q",
      "-F",
      "-t",
      "ext2",
      "-m",
      "0",
      "-L",
      "LAVA",
      "-U",
      uuid,
      "-E",
      "root_owner=0:0",
      "-d",
      folder,
    ];
    await mustSucceed([...argv, file, `${size}M`], {
      ...context,
      error: context.action.commandError,
    });
    return {
      data: { guest: { file, uuid, name, interface: text(input, "interface"), driveid: text(input, "driveid") } },
      extra: { success: uuid },
    };
  },
};

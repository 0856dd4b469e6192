/** The archive in which a virtual board gets its files: each under a fixed name, beside a property list. */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { bounded } from "../files/bounded.js";
import { nameInside } from "../files/name-inside.js";
import { writeFresh } from "../overlay/safe-files.js";
import { mustSucceed } from "../run-program.js";
import type { ServiceContext } from "../types.js";

/** Names in the archive by what a job calls its images; others keep their own. */
const NAMES = new Map([
  ["dtb", "devicetree"],
  ["rootfs", "nand"],
]);

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The property list of a package: text pairs, in order. */
export function propertyList(pairs: [key: string, value: string][]): string {
  const rows = pairs
    .map(([key, value]) => `\t<key>${escaped(key)}</key>\n\t<string>${escaped(value)}</string>\n`)
    .join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n${rows}</dict>\n</plist>\n`;
}

/** Packs files (by the job's labels) for a model. Gives the archive's path, in the job's scratch folder. */
export async function packFirmware(
  files: { [label: string]: string },
  model: string,
  context: ServiceContext,
): Promise<string> {
  const { paths, action, jobId } = context;
  const folder = join(paths.work, `package-${action.level}`);
  await mkdir(folder, { recursive: true });
  const version = `LAVA ${jobId}`;
  writeFresh(
    join(folder, "Info.plist"),
    propertyList([
      ["Type", "iot"],
      ["UniqueIdentifier", `lava-${jobId}`],
      ["DeviceIdentifier", model],
      ["Version", version],
      ["Build", jobId],
    ]),
  );
  for (const [label, file] of Object.entries(files))
    await symlink(file, nameInside(folder, NAMES.get(label) ?? label, "An image")).catch(() => {});
  const archive = join(paths.work, `package-${action.level}.zip`);
  await bounded(context, { into: archive, what: "The package for the virtual board" }, (bounds) =>
    mustSucceed(["zip", "-q", "-1", "-r", archive, "."], {
      ...context,
      cwd: folder,
      error: "InfrastructureError",
      ...bounds,
    }),
  );
  return archive;
}

import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeFresh } from "../base/fresh-file.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { optionalText, text } from "./overlay/inputs.js";
import { tftpName } from "./overlay/layout.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** The line of a preseed file that says what runs last. */
const LATE = /^d-i\s+preseed\/late_command\s+string/;

/** Adds a command to what runs last in an installation; what the file says itself runs before. */
export function withLateCommand(preseed: string, command: string): string {
  const lines = preseed.split("\n");
  let at = lines.findIndex((line) => LATE.test(line));
  if (at < 0) return `${preseed.replace(/\n*$/, "\n")}d-i preseed/late_command string ${command}\n`;
  while (/\\\s*$/.test(lines[at] as string) && at + 1 < lines.length) at++;
  lines[at] = `${(lines[at] as string).trimEnd()}${/string\s*$/.test(lines[at] as string) ? " " : "; "}${command}`;
  return lines.join("\n");
}

/** A kickstart section that fetches an archive and unpacks it into the installed system. */
export const withPostSection = (kickstart: string, url: string): string =>
  `${kickstart.replace(/\n*$/, "\n")}%post\ncurl ${url} >/tmp/overlay.tar.gz && tar -C / -xzf /tmp/overlay.tar.gz\n%end\n`;

/**
 * Completes the file that answers an installer's questions, so that the test overlay gets into the installed system.
 * Inputs: file, extra_command? (runs last), ramdisk? (folder), ramdisk_name? (the file's name in it), overlay? (tarball),
 * directory (below the TFTP root). Data: ramdisk.preseed_local.
 */
export const preseedComplete: Service = {
  name: "preseed-complete",

  async run(input, context) {
    const file = text(input, "file");
    const command = optionalText(input, "extra_command");
    const name = optionalText(input, "ramdisk_name");
    const overlay = optionalText(input, "overlay");
    let preseed = await readFile(file, "utf8");
    if (command) preseed = withLateCommand(preseed, command);
    if (!name) {
      writeFresh(file, preseed);
      return undefined;
    }
    if (overlay) {
      const copy = join(text(input, "directory"), basename(overlay));
      await copyFile(overlay, copy);
      preseed = withPostSection(
        preseed,
        `tftp://${dispatcherIp(context.dispatcher, "tftp")}/${tftpName(context, copy)}`,
      );
    }
    writeFresh(file, preseed);
    const ramdisk = optionalText(input, "ramdisk");
    if (ramdisk) await copyFile(file, join(ramdisk, insidePath(name, "The preseed file's name")));
    return { data: { ramdisk: { preseed_local: name } } };
  },
};

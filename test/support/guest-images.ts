/** Root file systems and disks for guests, made by plain tools from the guest images of `.images`. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { inRoot } from "./workspace.js";

export type Architecture = "amd64" | "arm64";

/** A file of the guest of this architecture. */
export const guestFile = (arch: Architecture, name: "kernel" | "initrd.cpio.gz" | "tools.cpio.gz"): string =>
  inRoot(".images", arch, name);

/** The guest's initramfs and behind it what mounts a root from the network, rz and kexec; its path. */
export function initrdWithTools(folder: string, arch: Architecture): string {
  const file = join(folder, `tools-${arch}.cpio.gz`);
  const parts = ["initrd.cpio.gz", "tools.cpio.gz"] as const;
  writeFileSync(file, Buffer.concat(parts.map((name) => readFileSync(guestFile(arch, name)))));
  return file;
}

/** The guest's own tree as a folder, with further files in it (by their paths); its path. */
export function rootTree(folder: string, arch: Architecture, files: { [path: string]: string | Buffer } = {}): string {
  const root = join(folder, `root-${arch}`);
  if (!existsSync(root)) {
    mkdirSync(root);
    const input = gunzipSync(readFileSync(guestFile(arch, "initrd.cpio.gz")));
    // Only root may make device nodes; the guest's kernel makes its own.
    execFileSync("cpio", ["-id", "--quiet", "--no-preserve-owner", "--nonmatching", "dev/console"], {
      cwd: root,
      input,
    });
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** An ext4 file system of this size (MiB) that holds a folder's files, all root's; its path. */
export function ext4Image(tree: string, file: string, size: number): string {
  writeFileSync(file, "");
  truncateSync(file, size * 2 ** 20);
  execFileSync("/usr/sbin/mke2fs", ["-q", "-t", "ext4", "-E", "root_owner=0:0", "-d", tree, file]);
  return file;
}

const SECTOR = 512;
/** Where the first partition begins, as partitioning tools have it. */
const FIRST = 2048;

/** A disk with one bootable partition, an ext4 file system of this size (MiB) that holds a folder's files; its path. */
export function diskImage(tree: string, file: string, size: number): string {
  const partition = readFileSync(ext4Image(tree, `${file}.part`, size));
  const start = Buffer.alloc(FIRST * SECTOR);
  // The table's first entry: bootable, Linux, first sector, number of sectors.
  start.set([0x80, 0, 0, 0, 0x83, 0, 0, 0], 446);
  start.writeUInt32LE(FIRST, 454);
  start.writeUInt32LE(partition.length / SECTOR, 458);
  start.set([0x55, 0xaa], 510);
  writeFileSync(file, Buffer.concat([start, partition]));
  rmSync(`${file}.part`);
  return file;
}

/** Where files of a guest come from when it is not the host's own: the reason to skip, undefined when all is there. */
export const noGuest = (arch: Architecture): string | undefined =>
  existsSync(guestFile(arch, "tools.cpio.gz")) ? undefined : `.images/${arch} is not built (npm run setup)`;

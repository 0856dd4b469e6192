/** Disks that boards show over USB: loop devices with a real file system, known by links that udev would make. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const run = (...words: string[]) => execFileSync(words[0]!, words.slice(1), { encoding: "utf8", stdio: "pipe" }).trim();

/** The reason to skip; undefined when this machine mounts loop devices. */
export const noLoopDisks = (): string | undefined =>
  process.getuid?.() !== 0
    ? "only root mounts disks"
    : spawnSync("losetup", ["--find"], { stdio: "ignore" }).status !== 0
      ? "this machine has no loop devices"
      : undefined;

export interface LoopDisk {
  /** The link that stands for it, below /dev/disk. */
  link: string;
  /** Mounts it beside the job, and gives what `use` makes of it. */
  look<T>(use: (directory: string) => T): T;
  /** Takes the disk away, changes what is on it, and shows it as another device. */
  replug(change?: (directory: string) => void): Promise<void>;
  remove(): void;
}

/** A disk of 8 MB by `by-label/NAME` or `by-id/NAME`; `folder` keeps its image. */
export function loopDisk(folder: string, by: "by-label" | "by-id", name: string): LoopDisk {
  const image = join(folder, `${name}.img`);
  writeFileSync(image, "");
  truncateSync(image, 8 << 20);
  run("mkfs.ext4", "-q", "-F", "-L", "BOARD", image);
  const link = join("/dev/disk", by, name);
  mkdirSync(join(link, ".."), { recursive: true });
  let loop = "";
  const plug = () => {
    loop = run("losetup", "--find", "--show", image);
    symlinkSync(loop, `${link}.new`);
    renameSync(`${link}.new`, link);
  };
  const mounted = <T>(device: string, use: (directory: string) => T): T => {
    const directory = mkdtempSync(join(folder, "mount-"));
    run("mount", device, directory);
    try {
      return use(directory);
    } finally {
      run("umount", directory);
      rmSync(directory, { recursive: true });
    }
  };
  plug();
  return {
    link,
    look: (use) => mounted(loop, use),
    async replug(change = () => {}) {
      rmSync(link);
      await new Promise((next) => setTimeout(next, 300));
      const old = loop;
      mounted(old, change);
      plug();
      run("losetup", "--detach", old);
    },
    remove() {
      rmSync(link, { force: true });
      spawnSync("losetup", ["--detach", loop], { stdio: "ignore" });
    },
  };
}

#!/usr/bin/env node
/**
 * Builds .images/{arm64,amd64}/{kernel,initrd.cpio.gz} from the distribution's own packages, and .images/test-definitions.git.
 * No root, no change to the host's packages. What is up to date is left alone.
 * Usage: build-images.mjs [arm64] [amd64] [test-definitions]   (default: all)
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { AptFetcher, osRelease } from "./lib/apt.mjs";
import { CpioWriter } from "./lib/cpio.mjs";
import { collectModules } from "./lib/kernel-modules.mjs";
import { IMAGES, ROOT } from "./lib/paths.mjs";

const GUEST = join(ROOT, "scripts/guest");
/** Scripts that a guest's contents depend on. */
const CODE = [
  fileURLToPath(import.meta.url),
  ...["apt", "cpio", "kernel-modules"].map((name) => join(ROOT, `scripts/lib/${name}.mjs`)),
];
const DEFINITIONS = join(ROOT, "jobs/test-definitions");
const BOOT_LOADER = "/usr/lib/u-boot/qemu_arm64/u-boot.bin";

/** What differs between the guests. `kernel`: names of the distributions' meta packages. */
export const GUESTS = {
  arm64: { kernel: { debian: "linux-image-cloud-arm64", ubuntu: "linux-image-virtual" }, tty: "ttyAMA0" },
  amd64: { kernel: { debian: "linux-image-cloud-amd64", ubuntu: "linux-image-virtual" }, tty: "ttyS0" },
};
/** Loaded at start: virtio_*; the others when something mounts or plugs them. */
const MODULES = [
  "virtio_pci",
  "virtio_mmio",
  "virtio_net",
  "virtio_blk",
  "ext4",
  "ahci",
  "ata_piix",
  "sd_mod",
  "squashfs",
];

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function fingerprint(...inputs) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input}\0`).update(readFileSync(input)).update("\0");
  return hash.digest("hex");
}

const TARGETS = {
  arm64: {
    what: "arm64 guest: kernel and busybox from packages, about 60 MB to download",
    inputs: () => [...CODE, ...filesBelow(GUEST)],
    build: (folder) => {
      buildGuest("arm64", folder);
      buildDeviceTree(folder);
    },
  },
  amd64: {
    what: "amd64 guest: kernel and busybox from packages, about 40 MB to download",
    inputs: () => [...CODE, ...filesBelow(GUEST)],
    build: (folder) => buildGuest("amd64", folder),
  },
  "test-definitions": {
    folder: "test-definitions.git",
    what: "git repository with the test definitions of the sample jobs",
    inputs: () => filesBelow(DEFINITIONS),
    build: buildDefinitions,
  },
};

const folderOf = (name) => join(IMAGES, TARGETS[name].folder ?? name);

/** Names of the targets that are missing or older than what they are made from. */
export function staleImages(names = Object.keys(TARGETS)) {
  return names.filter((name) => {
    const stamp = `${folderOf(name)}.stamp`;
    return (
      !existsSync(folderOf(name)) ||
      !existsSync(stamp) ||
      readFileSync(stamp, "utf8") !== fingerprint(...TARGETS[name].inputs())
    );
  });
}

/** One line on what building this target means. */
export const describeImage = (name) => TARGETS[name].what;

/** Builds one target beside its final place and moves it there when it is complete. */
export function buildImage(name) {
  const folder = folderOf(name);
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  TARGETS[name].build(draft);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  writeFileSync(`${folder}.stamp`, fingerprint(...TARGETS[name].inputs()));
}

function buildGuest(architecture, out) {
  const work = join(out, ".work");
  const { kernel, tty } = GUESTS[architecture];
  const distribution = osRelease().ID === "ubuntu" ? "ubuntu" : "debian";
  const apt = new AptFetcher(work, architecture);
  apt.update();
  const image = apt.depends(kernel[distribution]).find((name) => name.startsWith("linux-image-"));
  if (!image) throw new Error(`The package ${kernel[distribution]} names no kernel for ${architecture}`);
  // Ubuntu keeps the modules in a package of their own.
  const modules =
    distribution === "ubuntu" ? apt.depends(image).filter((name) => name.startsWith("linux-modules-")) : [];
  const unpacked = join(work, "unpacked");
  for (const file of apt.download(join(work, "packages"), ["busybox-static", image, ...modules])) {
    execFileSync("dpkg-deb", ["-x", file, unpacked]);
  }
  const boot = join(unpacked, "boot");
  const vmlinuz = readFileSync(
    join(
      boot,
      readdirSync(boot).find((name) => name.startsWith("vmlinuz-")),
    ),
  );
  // arm64's booti wants the plain Image; some distributions gzip it.
  writeFileSync(join(out, "kernel"), vmlinuz.readUInt16BE(0) === 0x1f8b ? gunzipSync(vmlinuz) : vmlinuz);
  writeFileSync(join(out, "initrd.cpio.gz"), gzipSync(initramfs(unpacked, tty), { level: 6 }));
  rmSync(work, { recursive: true });
}

function initramfs(unpacked, tty) {
  const cpio = new CpioWriter();
  const made = new Set();
  const directory = (name, mode) => {
    if (made.has(name)) return;
    if (name.includes("/")) directory(name.slice(0, name.lastIndexOf("/")));
    made.add(name);
    cpio.directory(name, mode);
  };
  cpio.directory(".");
  for (const name of ["proc", "sys", "dev", "run", "root", "mnt", "lib/modules", "var/log", "etc"]) directory(name);
  directory("tmp", 0o1777);
  cpio.device("dev/console", 5, 1);
  const busybox = ["bin/busybox", "usr/bin/busybox"]
    .map((name) => join(unpacked, name))
    .find((name) => existsSync(name));
  for (const name of ["bin", "sbin", "usr/bin", "usr/sbin"]) directory(name);
  cpio.file("bin/busybox", readFileSync(busybox), 0o755);
  for (const applet of readFileSync(join(GUEST, "applets"), "utf8").split("\n").filter(Boolean))
    cpio.link(applet, "/bin/busybox");

  const library = ["lib/modules", "usr/lib/modules"]
    .map((name) => join(unpacked, name))
    .find((name) => existsSync(name));
  const version = readdirSync(library)[0];
  directory(`lib/modules/${version}`);
  for (const [name, bytes] of collectModules(join(library, version), MODULES))
    cpio.file(`lib/modules/${version}/${name}`, bytes);

  cpio.file("init", readFileSync(join(GUEST, "init")), 0o755);
  cpio.file("etc/rcS", readFileSync(join(GUEST, "rcS")), 0o755);
  cpio.file("etc/udhcpc.sh", readFileSync(join(GUEST, "udhcpc.sh")), 0o755);
  cpio.file("etc/profile", readFileSync(join(GUEST, "profile")));
  cpio.file(
    "etc/inittab",
    `::sysinit:/etc/rcS\n${tty}::respawn:/sbin/getty -L 115200 ${tty} vt100\n::ctrlaltdel:/sbin/reboot\n`,
  );
  cpio.file("etc/passwd", "root::0:0:root:/root:/bin/sh\n");
  cpio.file("etc/group", "root:x:0:\n");
  cpio.file("etc/hostname", "board\n");
  cpio.file("etc/hosts", "127.0.0.1 localhost board\n");
  cpio.file("etc/issue", "Test Linux \\r \\l\n\n");
  return cpio.finish();
}

/** The tree that QEMU gives this very board, cut to its size: QEMU pads it to a megabyte. */
function buildDeviceTree(out) {
  const file = join(out, "board.dtb");
  const board = [
    "-M",
    `virt,dumpdtb=${file}`,
    "-cpu",
    "cortex-a53",
    "-m",
    "256",
    "-accel",
    "tcg",
    "-nodefaults",
    "-display",
    "none",
  ];
  execFileSync("qemu-system-aarch64", [...board, "-bios", BOOT_LOADER], { stdio: ["ignore", "ignore", "pipe"] });
  const tree = readFileSync(file);
  const end = Math.max(tree.readUInt32BE(8) + tree.readUInt32BE(36), tree.readUInt32BE(12) + tree.readUInt32BE(32));
  const cut = Buffer.alloc(end + 4096); // and room for what U-Boot adds
  tree.copy(cut, 0, 0, end);
  cut.writeUInt32BE(cut.length, 4);
  writeFileSync(file, cut);
}

function buildDefinitions(out) {
  const identity = { NAME: "lava-dispatch", EMAIL: "lava-dispatch@localhost", DATE: "2026-01-01T00:00:00Z" };
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_DIR: out,
    GIT_WORK_TREE: DEFINITIONS,
  };
  for (const role of ["AUTHOR", "COMMITTER"])
    for (const [key, value] of Object.entries(identity)) env[`GIT_${role}_${key}`] = value;
  const git = (...words) =>
    execFileSync("git", words, { env, cwd: DEFINITIONS, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", out], {
    env: { ...env, GIT_DIR: undefined, GIT_WORK_TREE: undefined },
  });
  git("add", "-A", ".");
  git("commit", "-q", "-m", "Test definitions of the sample jobs");
  rmSync(join(out, "index"), { force: true });
  copyFileSync(join(DEFINITIONS, "README.md"), join(out, "description"));
}

if (argv[1] && fileURLToPath(import.meta.url) === argv[1]) {
  const names = argv.slice(2);
  const unknown = names.filter((name) => !TARGETS[name]);
  if (unknown.length) {
    console.error(`Unknown image ${unknown.join(", ")}; known: ${Object.keys(TARGETS).join(", ")}`);
    exit(2);
  }
  for (const name of names.length ? names : staleImages()) {
    console.log(`Building ${describeImage(name)}`);
    buildImage(name);
  }
}

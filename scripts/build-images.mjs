#!/usr/bin/env node
/**
 * Builds .images/{arm64,amd64}/{kernel,initrd.cpio.gz,tools.cpio.gz} from the distribution's own packages,
 * .images/test-definitions.git, and peers of the tests.
 * No root, no change to the host's packages. What is up to date is left alone.
 * Usage: build-images.mjs [arm64] [amd64] [test-definitions] [nfs-server] [container-engine] [installer]   (default: all)
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
import { join, relative } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { buildGuest, GUEST } from "./lib/guest.mjs";
import { IMAGES, ROOT } from "./lib/paths.mjs";
import { buildContainerEngine, buildInstaller, buildNfsServer } from "./lib/peers.mjs";

/** Scripts that a guest's contents depend on. */
const CODE = [
  fileURLToPath(import.meta.url),
  ...["apt", "cpio", "guest", "kernel-modules"].map((name) => join(ROOT, `scripts/lib/${name}.mjs`)),
];
const DEFINITIONS = join(ROOT, "jobs/test-definitions");
const BOOT_LOADER = "/usr/lib/u-boot/qemu_arm64/u-boot.bin";

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function fingerprint(...inputs) {
  const hash = createHash("sha256");
  for (const input of inputs)
    hash
      .update(`${relative(ROOT, input)}\0`)
      .update(readFileSync(input))
      .update("\0");
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
  "nfs-server": {
    what: "NFS server of the tests: nfs-ganesha from packages, unpacked only, about 15 MB to download",
    inputs: () => [join(ROOT, "scripts/lib/peers.mjs")],
    build: buildNfsServer,
    peer: true,
  },
  "container-engine": {
    what: "container engine of the tests: Docker from packages, unpacked only, about 70 MB to download",
    inputs: () => [join(ROOT, "scripts/lib/peers.mjs")],
    build: buildContainerEngine,
    peer: true,
  },
  installer: {
    what: "Debian's installer, which the tests run: from its package, about 130 MB to download",
    inputs: () => [join(ROOT, "scripts/lib/peers.mjs")],
    build: buildInstaller,
    peer: true,
  },
};

/** Those that only the tests need; without them, some are skipped. */
export const PEERS = Object.keys(TARGETS).filter((name) => TARGETS[name].peer);

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
  const draft = `${folder}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  TARGETS[name].build(draft);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  writeFileSync(`${folder}.stamp`, fingerprint(...TARGETS[name].inputs()));
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

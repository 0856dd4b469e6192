/** Guests of the emulated machines: kernel and busybox from the distribution's packages. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { AptFetcher, osRelease } from "./apt.mjs";
import { CpioWriter } from "./cpio.mjs";
import { collectModules } from "./kernel-modules.mjs";
import { ROOT } from "./paths.mjs";

/** Scripts and lists that the guests hold. */
export const GUEST = join(ROOT, "scripts/guest");
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
/** Only in the archive that guests of some tests need: to mount a root from the network or a medium, and these programs. */
const TOOL_MODULES = ["nbd", "nfsv4", "isofs"];
const TOOL_PACKAGES = ["nbd-client", "lrzsz", "kexec-tools"];
const TOOLS = ["nbd-client", "rz", "kexec"];

/** Writes kernel, initrd.cpio.gz and tools.cpio.gz of this architecture into a folder. */
export function buildGuest(architecture, out) {
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
  const tools = join(work, "tools");
  for (const file of apt.download(join(work, "tool-packages"), apt.withLibraries(TOOL_PACKAGES)))
    execFileSync("dpkg-deb", ["-x", file, tools]);
  writeFileSync(join(out, "tools.cpio.gz"), gzipSync(toolArchive(unpacked, tools), { level: 6 }));
  rmSync(work, { recursive: true });
}

/** Writes each folder once, those around it before it. */
function folderWriter(cpio) {
  const made = new Set();
  return function directory(name, mode) {
    if (made.has(name)) return;
    if (name.includes("/")) directory(name.slice(0, name.lastIndexOf("/")));
    made.add(name);
    cpio.directory(name, mode);
  };
}

/** Kernel modules with what they need, where the guest's modprobe looks for them. */
function addModules(cpio, directory, unpacked, names) {
  const library = ["lib/modules", "usr/lib/modules"]
    .map((name) => join(unpacked, name))
    .find((name) => existsSync(name));
  const version = readdirSync(library)[0];
  directory(`lib/modules/${version}`);
  for (const [name, bytes] of collectModules(join(library, version), names))
    cpio.file(`lib/modules/${version}/${name}`, bytes);
}

function initramfs(unpacked, tty) {
  const cpio = new CpioWriter();
  const directory = folderWriter(cpio);
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

  addModules(cpio, directory, unpacked, MODULES);
  cpio.file("init", readFileSync(join(GUEST, "init")), 0o755);
  cpio.file("etc/mount-root", readFileSync(join(GUEST, "mount-root")));
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

/** Modules and programs for an initramfs: it goes behind it, as a second archive. */
function toolArchive(unpacked, tools) {
  const cpio = new CpioWriter();
  const directory = folderWriter(cpio);
  // Links first: an absolute one would lead out of the packages, and the file that it means has the same name.
  const files = new Map(
    readdirSync(tools, { recursive: true, withFileTypes: true })
      .filter((entry) => /bin$|lib/.test(entry.parentPath ?? entry.path) && !entry.isDirectory())
      .sort((a, b) => Number(a.isFile()) - Number(b.isFile()))
      .map((entry) => [entry.name, join(entry.parentPath ?? entry.path, entry.name)]),
  );
  const put = new Set();
  const add = (name, place) => {
    const file = files.get(name);
    if (put.has(name) || file === undefined) return;
    put.add(name);
    directory(place);
    cpio.file(`${place}/${name}`, readFileSync(file), 0o755);
    const needs = execFileSync("readelf", ["-d", "-l", file], { encoding: "utf8" });
    for (const [, folder, loader] of needs.matchAll(/interpreter: \/(\S+)\/([^\]/]+)\]/g)) add(loader, folder);
    for (const [, library] of needs.matchAll(/\(NEEDED\).*\[(.+)\]/g)) add(library, "lib");
  };
  for (const name of TOOLS) add(name, "usr/bin");
  addModules(cpio, directory, unpacked, [...MODULES, ...TOOL_MODULES]);
  return cpio.finish();
}

/** Peers of the tests that would start services when they were installed, or that are only files: unpacked, not installed. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { AptFetcher, osRelease } from "./apt.mjs";

/** What a program must take from the system that it runs on. */
const SYSTEM_PACKAGES = /^lib(c6|gcc-s1|stdc\+\+6)$/;

function unpack(apt, names, work) {
  const folder = join(work, "unpacked");
  mkdirSync(folder);
  for (const file of apt.download(join(work, "packages"), names)) execFileSync("dpkg-deb", ["-x", file, folder]);
  return folder;
}

/** The architecture of this machine, by Debian's name. */
const ownArchitecture = () => execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();

/** nfs-ganesha: `bin/ganesha.nfsd`, its libraries in `lib`, its plugins in `plugins`. */
export function buildNfsServer(out) {
  const work = join(out, ".work");
  const apt = new AptFetcher(work, ownArchitecture());
  apt.update();
  const packages = apt.withLibraries(["nfs-ganesha", "nfs-ganesha-vfs"]);
  const folder = unpack(
    apt,
    packages.filter((name) => !SYSTEM_PACKAGES.test(name)),
    work,
  );
  for (const name of ["bin", "lib", "plugins"]) mkdirSync(join(out, name));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isDirectory()) continue;
    if (/\/ganesha\/libfsal[^/]+\.so/.test(file)) renameSync(file, join(out, "plugins", entry.name));
    else if (/^lib.*\.so\.\d/.test(entry.name)) renameSync(file, join(out, "lib", entry.name));
    else if (entry.name === "ganesha.nfsd" && basename(join(file, "..")) === "bin")
      renameSync(file, join(out, "bin", entry.name));
  }
  rmSync(work, { recursive: true });
}

/** Docker's engine and its client: programs in `bin`, libraries in `lib`. Installed, it would start with the system. */
export function buildContainerEngine(out) {
  const work = join(out, ".work");
  const apt = new AptFetcher(work, ownArchitecture());
  apt.update();
  const packages = apt.withLibraries(["docker.io", "containerd", "runc", "tini"]);
  const folder = unpack(
    apt,
    packages.filter((name) => !SYSTEM_PACKAGES.test(name)),
    work,
  );
  for (const name of ["bin", "lib"]) mkdirSync(join(out, name));
  const programs = ["dockerd", "docker", "containerd", "containerd-shim-runc-v2", "runc", "tini-static"];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isDirectory()) continue;
    if (/^lib.*\.so\.\d/.test(entry.name)) renameSync(file, join(out, "lib", entry.name));
    else if (programs.includes(entry.name) && /\/s?bin$/.test(join(file, "..")))
      renameSync(file, join(out, "bin", entry.name));
  }
  rmSync(work, { recursive: true });
}

/** Debian's installer for x86-64 (its text form): `linux` and `initrd.gz`. */
export function buildInstaller(out) {
  const work = join(out, ".work");
  const { ID, VERSION_ID } = osRelease();
  if (ID !== "debian") throw new Error(`${ID} packages no installer as Debian does`);
  const apt = new AptFetcher(work, "amd64");
  apt.update();
  const folder = unpack(apt, [`debian-installer-${VERSION_ID}-netboot-amd64`], work);
  const images = join(folder, `usr/lib/debian-installer/images/${VERSION_ID}/amd64/text/debian-installer/amd64`);
  for (const name of ["linux", "initrd.gz"]) copyFileSync(join(images, name), join(out, name));
  rmSync(work, { recursive: true });
}

/** Packages of Debian 13 beside the system, where the system's own release has none. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { AptFetcher, debianSource } from "../../lib/apt.mjs";

const RELEASE = "trixie";

/**
 * Unpacks packages with all that they depend on: `out/` is a root to enter with chroot. What packages would do when they are
 * installed is not done.
 * @param {string} work a folder for package lists and archives, 70 MB
 */
export function unpackDebian13(out, packages, work) {
  const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
  const apt = new AptFetcher(work, architecture, debianSource("deb", RELEASE));
  apt.update();
  for (const file of apt.downloadWithAll(packages)) execFileSync("dpkg-deb", ["-x", file, out]);
  for (const name of ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/locale"])
    rmSync(join(out, name), { recursive: true, force: true });
  for (const name of ["bin", "sbin", "lib", "lib64"])
    if (!existsSync(join(out, name))) symlinkSync(`usr/${name}`, join(out, name));
  for (const name of ["dev", "proc", "tmp", "root", "run"]) mkdirSync(join(out, name), { recursive: true });
}

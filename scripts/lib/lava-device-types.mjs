// LAVA's own device types: Debian's lava-server, unpacked into the cache; nothing is installed, nothing becomes ours.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AptFetcher } from "./apt.mjs";
import { CACHE } from "./paths.mjs";

const FOLDER = join(CACHE, "lava-device-types");
const TYPES = "root/usr/share/lava-server/device-types";

/** The folder of the device types. It is fetched once; where no Debian has them, this throws. */
export function lavaDeviceTypes() {
  const types = join(FOLDER, TYPES);
  if (existsSync(types)) return types;
  const work = `${FOLDER}.${process.pid}`;
  mkdirSync(join(work, "root"), { recursive: true });
  const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
  const apt = new AptFetcher(work, architecture);
  apt.update();
  for (const file of apt.download(join(work, "debs"), ["lava-server"])) {
    execFileSync("dpkg", ["-x", file, join(work, "root")]);
  }
  rmSync(join(work, "apt"), { recursive: true, force: true });
  rmSync(FOLDER, { recursive: true, force: true });
  renameSync(work, FOLDER);
  return types;
}

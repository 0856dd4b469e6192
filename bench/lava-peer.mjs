/** The peer that is measured beside: Debian's lava-run, unpacked into a scratch folder; nothing is installed. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AptFetcher } from "../scripts/lib/apt.mjs";
import { CACHE } from "../scripts/lib/paths.mjs";

/** The system's own Python: the packages are compiled for it. */
const PYTHON = "/usr/bin/python3";
const FOLDER = join(CACHE, "lava-peer");
const PACKAGES = [
  ...[
    "lava-dispatcher",
    "lava-common",
    "lava-dispatcher-host",
    "inetutils-telnet",
    "libyaml-0-2",
    "libmagic1",
    "libmagic-mgc",
    "udev",
    "tftpd-hpa",
    "libudev1",
    "libkmod2",
  ],
  ...[
    "jinja2",
    "markupsafe",
    "voluptuous",
    "requests",
    "urllib3",
    "idna",
    "chardet",
    "charset-normalizer",
    "certifi",
  ].map((name) => `python3-${name}`),
  ...["configobj", "six", "magic", "pexpect", "ptyprocess", "setproctitle", "tz", "netifaces", "pyudev", "yaml"].map(
    (name) => `python3-${name}`,
  ),
];
/**
 * lava-run wants to be root, writes below /var/lib/lava and takes the TFTP root from /etc/default: it gets a user and a
 * mount namespace in which it may, and in which only the scratch folder ($0) changes.
 */
const ENTER = `mount --bind "$0/etc-default" /etc/default &&
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$0/upper,workdir=$0/scratch" /var/lib && exec "$@"`;
/** Imported by LAVA for jobs that these are not. */
const STUBS = { "guestfs.py": "" };

/** @returns {Promise<{python: string, lavaRun: (tftp?: string) => string[], env: NodeJS.ProcessEnv, version: string}>} @throws with the reason when it can't be had */
export function fetchLavaPeer() {
  if (!existsSync(PYTHON)) throw new Error(`there is no ${PYTHON}`);
  const root = join(FOLDER, "root");
  const stamp = join(FOLDER, "packages");
  const wanted = PACKAGES.join("\n");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    console.error(`Fetching the peer (${PACKAGES.length} Debian packages, unpacked into .cache, not installed) ...`);
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    const apt = new AptFetcher(FOLDER, execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim());
    apt.update();
    for (const file of apt.download(join(FOLDER, "debs"), PACKAGES)) execFileSync("dpkg", ["-x", file, root]);
    for (const [name, text] of Object.entries(STUBS))
      writeFileSync(join(root, "usr/lib/python3/dist-packages", name), text);
    writeFileSync(stamp, wanted);
  }
  const triplet = readdirSync(join(root, "usr/lib")).find((name) => name.includes("-linux-gnu")) ?? "";
  const env = {
    ...process.env,
    PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
    PYTHONDONTWRITEBYTECODE: undefined,
    LD_LIBRARY_PATH: ["usr/lib", "lib"].map((name) => join(root, name, triplet)).join(":"),
    MAGIC: join(root, "usr/lib/file/magic.mgc"),
    PATH: [...["usr/bin", "usr/sbin", "bin", "sbin"].map((name) => join(root, name)), process.env.PATH].join(":"),
  };
  // The packages' alternatives are not set up: telnet goes by its own name.
  const telnet = join(root, "usr/bin/telnet");
  if (!existsSync(telnet)) {
    writeFileSync(telnet, '#!/bin/sh\nexec "$(dirname "$0")/inetutils-telnet" "$@"\n');
    chmodSync(telnet, 0o755);
  }
  const lavaRun = (tftp = "/srv/tftp") => {
    const defaults = join(FOLDER, "etc-default");
    mkdirSync(defaults, { recursive: true });
    writeFileSync(join(defaults, "tftpd-hpa"), `TFTP_DIRECTORY="${tftp}"\n`);
    for (const name of ["upper", "scratch"]) mkdirSync(join(FOLDER, name), { recursive: true });
    // As root a mount namespace is enough, and device nodes of a ramdisk can be unpacked.
    const own = process.getuid() === 0 ? "-m" : "-rm";
    return ["unshare", own, "sh", "-c", ENTER, FOLDER, PYTHON, join(root, "usr/bin/lava-run")];
  };
  const [program, ...words] = lavaRun();
  execFileSync(program, [...words, "--help"], { env, stdio: ["ignore", "ignore", "pipe"] });
  const version = execFileSync("dpkg-deb", ["-f", join(FOLDER, "debs", debName("lava-dispatcher")), "Version"], {
    encoding: "utf8",
  });
  return { python: PYTHON, lavaRun, env, version: version.trim(), dispatcher: writeDispatcher() };
}

const debName = (name) => readdirSync(join(FOLDER, "debs")).find((file) => file.startsWith(`${name}_`));

function writeDispatcher() {
  const file = join(FOLDER, "dispatcher.yaml");
  writeFileSync(file, "dispatcher_ip: 127.0.0.1\n");
  return file;
}

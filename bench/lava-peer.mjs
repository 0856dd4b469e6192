/** The peer that is measured beside: Debian's lava-run, unpacked into a scratch folder; nothing is installed. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AptFetcher } from "../scripts/lib/apt.mjs";
import { CACHE } from "../scripts/lib/paths.mjs";

/** The system's own Python: the packages are compiled for it. */
const PYTHON = "/usr/bin/python3";
const FOLDER = join(CACHE, "lava-peer");
const PACKAGES = [
  ...["lava-dispatcher", "lava-common", "lava-dispatcher-host", "telnet", "libyaml-0-2", "libmagic1", "libmagic-mgc"],
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
/** Imported by LAVA for jobs that these are not. */
const STUBS = { "guestfs.py": "" };

/** @returns {Promise<{python: string, lavaRun: string[], env: NodeJS.ProcessEnv, version: string}>} @throws with the reason when it can't be had */
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
  const lib = join(
    root,
    "usr/lib",
    execFileSync("dpkg-architecture", ["-qDEB_HOST_MULTIARCH"], { encoding: "utf8" }).trim(),
  );
  const env = {
    ...process.env,
    PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
    PYTHONDONTWRITEBYTECODE: undefined,
    LD_LIBRARY_PATH: lib,
    MAGIC: join(root, "usr/lib/file/magic.mgc"),
    PATH: `${join(root, "usr/bin")}:${process.env.PATH}`,
  };
  // The packages' alternatives are not set up: telnet goes by its own name.
  const telnet = join(root, "usr/bin/telnet");
  if (!existsSync(telnet)) {
    writeFileSync(telnet, '#!/bin/sh\nexec "$(dirname "$0")/telnet.netkit" "$@"\n');
    chmodSync(telnet, 0o755);
  }
  const lavaRun = [PYTHON, join(root, "usr/bin/lava-run")];
  execFileSync(lavaRun[0], [lavaRun[1], "--help"], { env, stdio: ["ignore", "ignore", "pipe"] });
  const version = execFileSync("dpkg-deb", ["-f", join(FOLDER, "debs", debName("lava-dispatcher")), "Version"], {
    encoding: "utf8",
  });
  return { python: PYTHON, lavaRun, env, version: version.trim(), dispatcher: writeDispatcher() };
}

function debName(name) {
  return execFileSync("ls", [join(FOLDER, "debs")], { encoding: "utf8" })
    .split("\n")
    .find((file) => file.startsWith(`${name}_`));
}

function writeDispatcher() {
  const file = join(FOLDER, "dispatcher.yaml");
  writeFileSync(file, `dispatcher_ip: 127.0.0.1\ndispatcher_download_dir: ${join(FOLDER, "tmp")}\n`);
  return file;
}

/**
 * A Debian of its own in a folder, with its own mounts, processes and network: what runs in it changes nothing of this
 * machine, and ends with it. Needs root, debootstrap and util-linux.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourcesFor } from "./apt.mjs";

export const RELEASE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
const ENVIRONMENT = {
  HOME: "/root",
  LANG: "C.UTF-8",
  TERM: "dumb",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};
const words = (env) => Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** Mounts what programs expect into the folder `$0`. */
const MOUNTS = `
mount -t proc proc "$0/proc"
mount -t sysfs -o ro sysfs "$0/sys"
mount -t tmpfs dev "$0/dev"
for name in null zero full random urandom tty; do
  : > "$0/dev/$name"
  mount --bind "/dev/$name" "$0/dev/$name"
done
mkdir "$0/dev/pts" "$0/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$0/dev/pts"
ln -s pts/ptmx "$0/dev/ptmx"
ln -s /proc/self/fd "$0/dev/fd"
mount -t tmpfs shm "$0/dev/shm"
mount -t tmpfs run "$0/run"
mkdir -p "$0/run/lock"
`;
/** The first process in it: mounts, tells that it is ready, and takes up whoever lost its parent. The rest: pairs of a folder to show read-only, and where. */
const FIRST = `
${MOUNTS}
root=$0
while [ $# -gt 0 ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
done
chroot "$root" ip link set lo up
echo ready
trap : TERM
while :; do sleep 3600 & wait $! || true; done
`;

function check(what, { status, error, stdout, stderr }) {
  if (status === 0) return stdout;
  const told = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(`${what} failed: ${told}`);
}

const MARK = ".packages";

/** Installs Debian and these packages into the folder, once. */
export function setUpRoot(root, packages, say) {
  const wanted = packages.toSorted().join(" ");
  const mark = join(root, MARK);
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  const quiet = { encoding: "utf8", maxBuffer: 1 << 28 };
  if (!existsSync(join(root, "etc/debian_version"))) {
    say(`Debian ${RELEASE} into ${root}`);
    mkdirSync(root, { recursive: true });
    check("debootstrap", spawnSync("debootstrap", ["--variant=minbase", RELEASE, root, MIRROR], quiet));
    const sources = sourcesFor(process.arch, { ID: "debian", VERSION_CODENAME: RELEASE });
    for (const { name, text } of sources) writeFileSync(join(root, "etc/apt/sources.list.d", name), text);
    if (sources.length > 0) writeFileSync(join(root, "etc/apt/sources.list"), "");
    for (const name of ["resolv.conf", "hosts"]) writeFileSync(join(root, "etc", name), readFileSync(`/etc/${name}`));
    // No package starts anything.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }
  say(`${packages.length} packages and what they need: some minutes, about 2 GB`);
  const proxies = Object.fromEntries(Object.entries(process.env).filter(([name]) => /_proxy$/i.test(name)));
  const apt = (...rest) =>
    check(
      `apt-get ${rest[0]}`,
      spawnSync(
        "unshare",
        [
          ...["--mount", "--propagation", "private", "sh", "-ec", `${MOUNTS}\nchroot "$0" env -i "$@"`, root],
          ...words({ ...ENVIRONMENT, ...proxies, DEBIAN_FRONTEND: "noninteractive" }),
          ...["apt-get", "-qq", "-o", "Acquire::Check-Valid-Until=false", ...rest],
        ],
        quiet,
      ),
    );
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...packages);
  writeFileSync(mark, wanted);
}

export class DebianRoot {
  #root;
  #outer;
  #first = 0;
  constructor(root) {
    this.#root = root;
  }

  path(name) {
    return join(this.#root, name);
  }

  /** @param {Record<string, string>} shown folders of this machine by the place where they are seen, read-only */
  async start(shown) {
    const pairs = Object.entries(shown).flatMap(([place, folder]) => [folder, place]);
    this.#outer = spawn(
      "unshare",
      [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"],
        ...["sh", "-ec", FIRST, this.#root, ...pairs],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const outer = this.#outer;
    let told = "";
    outer.stderr.on("data", (text) => {
      told += text;
    });
    await new Promise((resolve, reject) => {
      outer.stdout.once("data", resolve);
      outer.once("error", reject);
      outer.once("exit", (code) => reject(new Error(`the namespaces could not be made (${code}): ${told}`)));
    });
    this.#first = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8").trim());
  }

  #enter(command) {
    return [
      ...["--target", String(this.#first), "--mount", "--net", "--pid", "--"],
      ...["chroot", this.#root, "env", "-i", ...words(ENVIRONMENT), ...command],
    ];
  }

  /** Runs a command in it; gives what it prints. Throws when it fails. */
  run(...command) {
    return check(command.join(" ").slice(0, 200), spawnSync("nsenter", this.#enter(command), { encoding: "utf8" }));
  }
  /** The same, but undefined when it fails. */
  attempt(...command) {
    const { status, stdout } = spawnSync("nsenter", this.#enter(command), { encoding: "utf8" });
    return status === 0 ? stdout : undefined;
  }

  /** Starts a command that runs on; its output goes to /var/log/NAME.out. Gives its process id in there. */
  daemon(name, ...command) {
    const start = 'log=$0; setsid "$@" > "$log" 2>&1 < /dev/null & echo $!';
    return Number(this.run("sh", "-c", start, `/var/log/${name}.out`, ...command));
  }
  signal(name, ...pids) {
    this.run("kill", `-${name}`, "--", ...pids.map(String));
  }

  /** Ends everything in it. */
  async stop() {
    const outer = this.#outer;
    if (!outer || outer.exitCode !== null || outer.signalCode !== null) return;
    const gone = new Promise((resolve) => outer.once("exit", resolve));
    process.kill(this.#first, "SIGKILL");
    await gone;
  }
}

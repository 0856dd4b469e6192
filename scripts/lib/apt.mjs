import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SYSTEM = "/etc/apt";
const UBUNTU_PORTS = "http://ports.ubuntu.com/ubuntu-ports";

/** NAME=value lines of /etc/os-release. */
export function osRelease(text = readFileSync("/etc/os-release", "utf8")) {
  return Object.fromEntries([...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key, value]));
}

/**
 * The system's package sources for its own release, fit for another architecture: restrictions to architectures go,
 * and Ubuntu's ports archive stands in where its main one has only x86.
 * @returns {{ name: string, text: string }[]} files for a sources.list.d
 */
export function sourcesFor(architecture, release = osRelease(), folder = SYSTEM) {
  const parts = join(folder, "sources.list.d");
  const files = [
    join(folder, "sources.list"),
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  const codename = release.VERSION_CODENAME ?? "";
  const ours = (suites) => suites.split(/\s+/).some((suite) => suite === codename || suite.startsWith(`${codename}-`));
  const ports = release.ID === "ubuntu" && !["amd64", "i386"].includes(architecture);
  const adapt = (text) =>
    ports ? text.replace(/https?:\/\/\S+\.ubuntu\.com\/ubuntu\/?(?=\s|$)/g, UBUNTU_PORTS) : text;
  const lists = [];
  const stanzas = [];
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, "utf8").replace(/^#.*\n?/gm, "");
    if (file.endsWith(".sources")) {
      for (const stanza of text.split(/\n\s*\n/)) {
        if (!/^Types:.*\bdeb\b/m.test(stanza) || !ours(/^Suites:\s*(.*)$/m.exec(stanza)?.[1] ?? "")) continue;
        stanzas.push(adapt(stanza.replace(/^Architectures:.*\n?/gm, "").replace(/^Types:.*$/m, "Types: deb")));
      }
    } else if (file.endsWith(".list")) {
      for (const line of text.split("\n")) {
        const match = /^deb\s+(\[[^\]]*\])?\s*(\S+)\s+(\S+)/.exec(line);
        if (match && ours(match[3]))
          lists.push(adapt(line.replace(/\barch=\S*?(?=[\s\]])/, "").replace(/\[\s*\]/, "")));
      }
    }
  }
  return [
    ...(lists.length ? [{ name: "system.list", text: `${lists.join("\n")}\n` }] : []),
    ...(stanzas.length ? [{ name: "system.sources", text: `${stanzas.join("\n\n")}\n` }] : []),
  ];
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** A line of sources.list for a release of Debian: from the mirror that the system uses, where it is a Debian. */
export function debianSource(type, release) {
  const text = sourcesFor("amd64")
    .map((source) => source.text)
    .join("\n");
  const mirror = /https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(text)?.[0] ?? "http://deb.debian.org/debian";
  if (!existsSync(KEYRING)) throw new Error(`Debian's keys are not there (${KEYRING}): install debian-archive-keyring`);
  return `${type} [signed-by=${KEYRING}] ${mirror} ${release} main\n`;
}

/** What `apt-cache depends` says: the packages that each package depends on. */
function dependencies(text) {
  const known = new Map();
  let name = "";
  for (const line of text.split("\n")) {
    const [, depends] = /^[ |]+Depends: (\S+)/.exec(line) ?? [];
    if (depends) known.get(name)?.push(depends);
    else if (/^\S/.test(line)) {
      name = line.trim();
      known.set(name, []);
    }
  }
  return known;
}

/** Packages of any architecture, fetched into a folder of their own: the system's apt state and architecture stay as they are. */
export class AptFetcher {
  #options;
  #environment = { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };

  #archives;

  /** @param {string} [list] a sources.list in the place of the system's own sources */
  constructor(folder, architecture, list) {
    const state = join(folder, "apt");
    this.#archives = join(state, "cache/archives");
    for (const name of ["lists/partial", "cache/archives/partial", "sources"])
      mkdirSync(join(state, name), { recursive: true });
    writeFileSync(join(state, "status"), "");
    const sources = list ? [{ name: "own.list", text: list }] : sourcesFor(architecture);
    if (sources.length === 0) throw new Error(`No package source for ${osRelease().PRETTY_NAME} found in ${SYSTEM}`);
    for (const { name, text } of sources) writeFileSync(join(state, "sources", name), text);
    this.#options = Object.entries({
      "APT::Architecture": architecture,
      "APT::Architectures::": architecture,
      "Dir::State": state,
      "Dir::State::lists": join(state, "lists"),
      "Dir::State::status": join(state, "status"),
      "Dir::Cache": join(state, "cache"),
      "Dir::Etc::sourcelist": "/dev/null",
      "Dir::Etc::sourceparts": join(state, "sources"),
      "APT::Sandbox::User": "",
      "Acquire::Languages": "none",
      "Acquire::Retries": "3",
      // an archive that does not answer is said to be one, instead of packages that are not found
      "APT::Update::Error-Mode": "any",
      "APT::Update::Post-Invoke-Success::": "",
    }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  }

  update() {
    this.#run("apt-get", ["-qq", "update"]);
  }
  /** The packages that a meta package depends on. */
  depends(name) {
    return dependencies(this.#run("apt-cache", ["depends", name])).get(name) ?? [];
  }
  /** These packages and the libraries that they and those need. */
  withLibraries(names) {
    // One question: apt takes seconds for each.
    const known = dependencies(this.#run("apt-cache", ["depends", "--recurse", ...names]));
    const all = new Set(names);
    for (const name of all)
      for (const other of known.get(name) ?? []) if (/^(lib[a-z0-9]|zlib)/.test(other)) all.add(other);
    return [...all];
  }
  /** Fetches .deb files into `folder`; returns their paths. */
  download(folder, names) {
    mkdirSync(folder, { recursive: true });
    this.#run("apt-get", ["-qq", "download", ...names], folder);
    return readdirSync(folder)
      .filter((name) => name.endsWith(".deb"))
      .map((name) => join(folder, name));
  }

  /** Fetches .deb files of these packages and of all that they depend on; returns their paths. */
  downloadWithAll(names) {
    this.#run("apt-get", ["-qq", "-y", "--no-install-recommends", "--download-only", "install", ...names]);
    return readdirSync(this.#archives)
      .filter((name) => name.endsWith(".deb"))
      .map((name) => join(this.#archives, name));
  }
  /** Fetches a source package into `folder`, as it is. */
  downloadSource(folder, name) {
    mkdirSync(folder, { recursive: true });
    this.#run("apt-get", ["-qq", "source", "--download-only", name], folder);
  }

  #run(program, words, cwd) {
    try {
      return execFileSync(program, [...this.#options, ...words], {
        cwd,
        env: this.#environment,
        encoding: "utf8",
        maxBuffer: 1 << 26,
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      throw new Error(`${program} ${words.join(" ")} failed:\n${error.stderr || error.message}`);
    }
  }
}

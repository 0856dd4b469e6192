/** Brings everything that the project needs onto a fresh machine. Uses nothing but Node and what Debian always has. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { buildImage, describeImage, PEERS, staleImages } from "../build-images.mjs";
import { IMAGES, IS_CHECKOUT, ROOT } from "./paths.mjs";

const NODE_WANTED = [20, 19];
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** What the bundle is made from; folders named `generated` are made from these too. */
const BUILD_INPUTS = [
  "src",
  "machines",
  "device-configs/device-types",
  "visualizer",
  "scripts/lib",
  "package-lock.json",
];
const BUILD_SCRIPTS = /^build(?!-images).*\.mjs$/;
const BUNDLE = "dist/lava-dispatch.js";

/** A set-up step that cannot be done here; the message says what to do about it. */
export class SetupError extends Error {}

const say = (text) => console.log(text);

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether a program (by name, in PATH or the system's folders) or a file (absolute) is there. */
export function isProvided(name) {
  if (isAbsolute(name)) return existsSync(name);
  return [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS].some(
    (folder) => folder && isExecutable(join(folder, name)),
  );
}

/** Runs a program; its output is shown only when it fails. */
function run(what, program, words, options = {}) {
  const result = spawnSync(program, words, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (result.status === 0) return;
  const output = result.error
    ? result.error.message
    : `${result.stdout}${result.stderr}`.trim().split("\n").slice(-40).join("\n");
  throw new SetupError(`${what} failed: ${program} ${words.join(" ")}\n${output}`);
}

/** Runs npm: the one that started this script, if it was one. */
function npm(...words) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith("npm-cli.js")) run(`npm ${words[0]}`, process.execPath, [cli, ...words]);
  else run(`npm ${words[0]}`, "npm", words);
}

/** Entries of a package list (see debian-packages.json) that are not installed. */
export const missingPackages = (list) => list.filter(({ provides }) => !isProvided(provides));

/** Leaves out, and says so, what the distribution does not package and may be missing. */
function withoutUnpackaged(list) {
  return list.filter((entry) => {
    if (!entry.without || isPackaged(entry.package)) return true;
    say(`There is no package ${entry.package} here: ${entry.without}.`);
    return false;
  });
}

/** False when apt knows the distribution's packages, and this is none of them. */
function isPackaged(name) {
  const policy = (name) =>
    spawnSync("apt-cache", ["policy", name], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }).stdout ?? "";
  const known = (name) => /^ {2}Candidate: (?!\(none\))/m.test(policy(name));
  return known(name) || !known("git");
}

/**
 * Installs Debian packages that are missing; uses sudo only when not root and never asks.
 * @param {{package: string, provides: string, reason: string, without?: string}[]} list `without`: what happens where the
 *   distribution has no such package; the others must be had
 * @throws SetupError when it can't be done, with the command to run by hand
 */
export function installPackages(list) {
  const missing = withoutUnpackaged(missingPackages(list));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.package);
  say(`Debian packages to install (${names.length}):`);
  for (const entry of missing) say(`  ${entry.package.padEnd(20)} ${entry.reason}`);
  const byHand = `apt-get install --no-install-recommends ${names.join(" ")}`;
  if (!isProvided("apt-get"))
    throw new SetupError(
      `This system has no apt-get. Install what these Debian packages hold by its own means: ${names.join(", ")}`,
    );
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !isProvided("sudo")) throw new SetupError(`Not root, and there is no sudo. Run as root: ${byHand}`);
  if (!isRoot && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) {
    throw new SetupError(`sudo wants a password, and this set-up asks nothing. Run first: sudo ${byHand}`);
  }
  const apt = (words) => {
    const settings = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"];
    const command = [
      "apt-get",
      "-qq",
      "-y",
      "-o",
      "Dpkg::Use-Pty=0",
      "-o",
      "Acquire::Retries=3",
      "-o",
      "DPkg::Lock::Timeout=300",
      ...words,
    ];
    run(
      "Installing Debian packages",
      isRoot ? "env" : "sudo",
      isRoot ? [...settings, ...command] : ["-n", "env", ...settings, ...command],
    );
  };
  apt(["update"]);
  // a fresh machine knows only now what there is
  const packaged = withoutUnpackaged(missing);
  apt(["install", "--no-install-recommends", ...packaged.map((entry) => entry.package)]);
  const still = missingPackages(packaged);
  if (still.length)
    throw new SetupError(
      `Installed, but not where it is looked for: ${still.map((entry) => `${entry.provides} (${entry.package})`).join(", ")}`,
    );
}

/** Whether node_modules holds what the lock file says; packages of other platforms do not count. */
export function modulesAreCurrent(root = ROOT) {
  const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  try {
    const installed = read("node_modules/.package-lock.json");
    return Object.entries(read("package-lock.json")).every(
      ([path, { version, optional }]) =>
        path === "" || (installed[path] ? installed[path].version === version : optional),
    );
  } catch {
    return false;
  }
}

const newest = (path) => {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  const names = readdirSync(path).filter((name) => name !== "generated");
  return names.reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
};

/** Whether the bundle is as new as what it is made from. */
export function bundleIsCurrent(root = ROOT) {
  const bundle = join(root, BUNDLE);
  const scripts = readdirSync(join(root, "scripts")).filter((name) => BUILD_SCRIPTS.test(name));
  const inputs = [...BUILD_INPUTS, ...scripts.map((name) => join("scripts", name))];
  return existsSync(bundle) && statSync(bundle).mtimeMs >= Math.max(...inputs.map((name) => newest(join(root, name))));
}

/** What only a checkout needs: npm's packages and the bundle; an installed package has them. */
function setupCheckout() {
  if (!modulesAreCurrent()) {
    say("npm packages to install: npm ci, into node_modules (half a minute; compiles node-pty)");
    npm("ci", "--no-audit", "--no-fund");
    rmSync(join(ROOT, BUNDLE), { force: true });
  }
  if (!bundleIsCurrent()) {
    say("To build: npm run build, into dist");
    npm("run", "--silent", "build");
  }
}

/**
 * Does all that is missing, and says each thing before it does it. Fast when nothing is.
 * @param {{tests?: boolean, peers?: boolean, packages?: boolean, images?: string[]}} options `images`: which of build-images.mjs (default
 *   all); `packages`: false leaves the system's packages as they are; `tests`: also the packages that only the tests need;
 *   those marked `ci` (they start services of the system) only where CI is set, `build` only in a checkout; `peers`: also the
 *   packages of `npm run test:peers`
 * @throws SetupError
 */
export function setup({ tests = false, peers = false, packages = true, images } = {}) {
  const version = process.versions.node.split(".").map(Number);
  if (version[0] < NODE_WANTED[0] || (version[0] === NODE_WANTED[0] && version[1] < NODE_WANTED[1])) {
    throw new SetupError(`Node ${process.versions.node} is too old: ${NODE_WANTED.join(".")} or newer is needed.`);
  }
  const purposes = [
    undefined,
    ...(IS_CHECKOUT ? ["build"] : []),
    ...(tests ? ["tests"] : []),
    ...(tests && process.env.CI ? ["ci"] : []),
    ...(peers ? ["peers"] : []),
  ];
  const list = JSON.parse(readFileSync(join(ROOT, "scripts/debian-packages.json"), "utf8"));
  if (packages) installPackages(list.filter((entry) => purposes.includes(entry.for)));
  if (IS_CHECKOUT) setupCheckout();
  for (const name of staleImages(images)) {
    if (PEERS.includes(name) && !tests) continue;
    say(`To build: ${describeImage(name)}, into ${IS_CHECKOUT ? ".images" : IMAGES}`);
    try {
      buildImage(name);
    } catch (error) {
      // A peer need not be packaged everywhere: its tests say why they are skipped.
      if (PEERS.includes(name)) say(`It cannot be had here: ${error.message.trim().split("\n").at(-1)}`);
      else throw new SetupError(`The ${name} image could not be built: ${error.message}`);
    }
  }
}

/** Runs the set-up for a script; a step that cannot be done ends the process with 1 and its message. */
export function setupOrExit(options) {
  try {
    setup(options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

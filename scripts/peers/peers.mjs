/**
 * Real programs and boards that the tests of test/peers talk to. Each is a file of this folder whose default export says:
 *   summary   what it is and what it takes, in one line
 *   sources   repositories of GitHub that it is built from, `{ name: "owner/name@commit-or-tag" }`; they are cloned only to build
 *   build     (out, { sources, work, run, say }): makes the peer in the folder `out`; `work` is a folder that is removed afterwards
 *   needs     peers that must be there before
 * A peer is made once, in .cache/peers/NAME, and again when its file changed, or one of lib/ that it imports. One that only needs Debian packages
 * has no build. Packages stand in scripts/debian-packages.json with `"for": "peers"`. Its tests are test/peers/NAME.test.ts.
 */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { CACHE } from "../lib/paths.mjs";

const HERE = import.meta.dirname;
/** Where they are. */
export const PEERS = join(CACHE, "peers");
/** Reasons why a peer could not be had, by its name. */
const MISSING = join(PEERS, "missing.json");

const files = readdirSync(HERE).filter((name) => name.endsWith(".mjs") && name !== "peers.mjs");
const peers = Object.fromEntries(
  await Promise.all(files.map(async (file) => [basename(file, ".mjs"), (await import(join(HERE, file))).default])),
);

/** One line for each peer, by its name. */
export const describePeers = () =>
  Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, peer.summary]));

function fingerprint(name) {
  const own = readFileSync(join(HERE, `${name}.mjs`), "utf8");
  const lib = [...own.matchAll(/"(\.\/lib\/[^"]+)"/g)].map(([, file]) => readFileSync(join(HERE, file), "utf8"));
  return createHash("sha256")
    .update([own, ...lib].join("\0"))
    .digest("hex");
}

/** Runs a program; what it says is in the error when it fails. */
async function run(program, words, options = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, words, { maxBuffer: 1 << 28, encoding: "utf8", ...options });
    return stdout;
  } catch (error) {
    const said = `${error.stdout ?? ""}${error.stderr ?? ""}`.trim().split("\n").slice(-20).join("\n");
    throw new Error(`${program} ${words.join(" ")} failed: ${said || error.message}`);
  }
}

/** A work tree of a repository: out of the folder that LAVA_DISPATCH_SOURCES names, or from GitHub. */
async function checkOut(source, folder) {
  const [repository, revision] = source.split("@");
  const given = process.env.LAVA_DISPATCH_SOURCES;
  if (given) {
    const found = [repository, repository.replace("/", "+")].map((name) => join(given, name)).find(existsSync);
    if (!found) throw new Error(`${given} (LAVA_DISPATCH_SOURCES) holds no ${repository}`);
    await run("git", ["-c", "safe.directory=*", "clone", "-q", found, folder]);
    return;
  }
  const url = `https://github.com/${repository}`;
  try {
    await run("git", ["clone", "-q", "--depth", "1", ...(revision ? ["--branch", revision] : []), url, folder], {
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
    });
  } catch (error) {
    throw new Error(
      `${url} could not be cloned (${error.message.trim().split("\n").at(-1)}); a folder of repositories can be named with LAVA_DISPATCH_SOURCES`,
    );
  }
}

async function buildPeer(name, say) {
  const out = join(PEERS, name);
  const work = join(PEERS, `${name}.work`);
  const stamp = join(PEERS, `${name}.stamp`);
  const wanted = fingerprint(name);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  for (const folder of [out, work]) rmSync(folder, { recursive: true, force: true });
  rmSync(stamp, { force: true });
  for (const folder of [out, work]) mkdirSync(folder, { recursive: true });
  const { summary, build } = peers[name];
  if (build) say(`To build: ${name}: ${summary}`);
  const start = Date.now();
  try {
    const sources = {};
    for (const [key, source] of Object.entries(peers[name].sources ?? {})) {
      sources[key] = join(work, key);
      await checkOut(source, sources[key]);
    }
    await build?.(out, { sources, work, run, say: (text) => say(`  ${name}: ${text}`) });
    writeFileSync(stamp, wanted);
    if (!build) return;
    const size = execFileSync("du", ["-sm", out], { encoding: "utf8" }).split("\t")[0];
    say(`  ${name} is there after ${((Date.now() - start) / 1000).toFixed(0)} s, ${size} MB`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Makes what is missing of these peers.
 * @returns {Promise<Record<string, string>>} why one could not be had, by its name; it is kept for the tests as well
 */
export async function setUpPeers(names, say) {
  mkdirSync(PEERS, { recursive: true });
  const missing = {};
  const done = new Set();
  const make = async (name) => {
    if (done.has(name)) return;
    done.add(name);
    const { needs = [] } = peers[name];
    for (const other of needs) await make(other);
    const lacking = needs.find((other) => missing[other]);
    if (lacking) missing[name] = `it needs ${lacking}`;
    else
      await buildPeer(name, say).catch((error) => {
        missing[name] = error.message.trim();
        say(`  ${name} cannot be had here: ${missing[name]}`);
      });
  };
  for (const name of names) await make(name);
  writeFileSync(MISSING, JSON.stringify(missing, null, 2));
  return missing;
}

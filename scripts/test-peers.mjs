#!/usr/bin/env node
/**
 * `npm run test:peers`: jobs against real programs and boards that take minutes to fetch and build (scripts/peers).
 * Words: names of peers (default: all); what follows `--` goes to Vitest.
 * What cannot be had here is told, with its reason, before the tests and at the end; its tests are skipped by name.
 * LAVA_DISPATCH_SOURCES names a folder of git repositories, `owner/name` or `owner+name`, where GitHub cannot be reached.
 */
import { join } from "node:path";
import { ROOT } from "./lib/paths.mjs";
import { setupOrExit } from "./lib/setup.mjs";
import { runVitest } from "./lib/vitest.mjs";
import { describePeers, setUpPeers } from "./peers/peers.mjs";

const all = process.argv.slice(2);
const end = all.includes("--") ? all.indexOf("--") : all.length;
const names = all.slice(0, end);
const known = describePeers();
const unknown = names.filter((name) => !known[name]);
if (unknown.length) {
  console.error(`Unknown: ${unknown.join(", ")}. Peers:`);
  for (const [name, summary] of Object.entries(known)) console.error(`  ${name.padEnd(18)} ${summary}`);
  process.exit(2);
}

const start = Date.now();
const minutes = () => `${((Date.now() - start) / 60_000).toFixed(1)} min`;
setupOrExit({ tests: true, peers: true });
const missing = await setUpPeers(names.length ? names : Object.keys(known), console.log);
console.log(`The peers are there after ${minutes()}.`);

const { passes, passed, failed, skipped } = runVitest("vitest-peers", [
  ...["--project", "peers"],
  ...names.map((name) => join(ROOT, `test/peers/${name}.test.ts`)),
  ...all.slice(end + 1),
]);
for (const [name, reason] of Object.entries(missing)) console.log(`Could not be had: ${name}: ${reason}`);
for (const name of skipped) console.log(`Skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped, in ${minutes()}`);
process.exitCode = passes ? 0 : 1;

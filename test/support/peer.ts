/** A real program or board of scripts/peers, for a test file of test/peers. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { describePeers, PEERS } from "../../scripts/peers/peers.mjs";

/** Its folder. */
export const peerFolder = (name: string): string => join(PEERS, name);

/** Why it cannot be had; undefined when it is there. */
export function noPeer(name: string): string | undefined {
  if (!describePeers()[name]) throw new Error(`There is no peer ${name} in scripts/peers`);
  const file = join(PEERS, "missing.json");
  const missing = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { [name: string]: string }) : {};
  return missing[name] ?? (existsSync(join(PEERS, `${name}.stamp`)) ? undefined : `npm run test:peers ${name}`);
}

/** Tests that need peers: skipped, with the reason in their name, where one cannot be had. */
export function describeWithPeers(title: string, peers: string[], tests: () => void): void {
  const reasons = peers.flatMap((name) => noPeer(name) ?? []).map((reason) => reason.split("\n")[0]);
  if (reasons.length) describe.skip(`${title} (skipped: ${reasons.join("; ")})`, tests);
  else describe(title, tests);
}

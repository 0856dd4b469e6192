/** Parts that run inside this process: TypeScript benches, bundled first. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { CACHE, ROOT } from "../scripts/lib/paths.mjs";
import { goal } from "./goals.mjs";

/** Bundles a TypeScript file of this folder and imports it. */
export async function importBench(name) {
  const outfile = join(CACHE, "bench", `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, "bench", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return import(pathToFileURL(outfile).href);
}

export async function measureActions() {
  const { measure } = await importBench("actions");
  await measure(); // warms up
  const runs = [];
  for (let round = 0; round < 5; round++) runs.push(await measure());
  const best = runs.reduce((a, b) => (a.perAction <= b.perAction ? a : b));
  return {
    rows: runs.map((run, index) => ({
      round: index + 1,
      actions: run.actions,
      "compile ms": run.compile,
      "run ms": run.run,
      "ms an action": run.perAction,
    })),
    goals: [
      goal(
        "a 200-action job, compiled and run",
        `${best.perAction.toFixed(3)} ms an action`,
        "under 1 ms",
        best.perAction < 1,
      ),
    ],
  };
}

/** bench/console.ts gives `measure({peer})` -> {rows, goals}. */
export async function measureConsole({ peer }) {
  if (!existsSync(join(ROOT, "bench/console.ts")))
    return { rows: [], goals: [goal("console", "bench/console.ts is missing")] };
  const { measure } = await importBench("console");
  return measure({ peer });
}

/** test/recordings, replayed: bench/replay.ts. */
export async function measureReplay({ rounds }) {
  const { measure } = await importBench("replay");
  return measure({ ...(rounds && { rounds }) });
}

/** The statechart of 193 actions, laid out: bench/layout.ts. */
export async function measureLayout({ rounds }) {
  const { measure } = await importBench("layout");
  const { cold, rows } = await measure({ ...(rounds && { rounds }) });
  const first = rows[0]["layout ms"];
  return {
    rows,
    goals: [
      goal(
        "the largest chart as it opens, laid out",
        `${first.toFixed(0)} ms (cold: ${cold.toFixed(0)} ms)`,
        "under 1000 ms",
        first < 1000,
      ),
    ],
  };
}

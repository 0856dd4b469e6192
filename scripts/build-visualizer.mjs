// Builds the page of visualizer/ with Vite; what is up to date is left alone. The bundle's script puts it into dist/.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where the built page waits. */
export const PAGE = join(root, "node_modules/.cache/lava-dispatch/visualizer");
const STAMP = `${PAGE}.stamp`;
/** What the page is made from. */
const INPUTS = ["visualizer", "src/visualize", "src/base", "package-lock.json", "scripts/build-visualizer.mjs"];

function* files(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return yield path;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) yield* files(join(path, entry.name));
}

function fingerprint() {
  const hash = createHash("sha256").update(process.version);
  for (const input of INPUTS)
    for (const file of files(join(root, input)))
      hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/** Builds the page where it is not up to date. */
export async function buildVisualizer() {
  const wanted = fingerprint();
  if (existsSync(join(PAGE, "index.html")) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  rmSync(STAMP, { force: true });
  const { build } = await import("vite");
  process.env.NODE_ENV = "production";
  await build({ configFile: join(root, "visualizer/vite.config.ts"), build: { outDir: PAGE } });
  writeFileSync(STAMP, wanted);
}

if (argv[1] && fileURLToPath(import.meta.url) === argv[1]) {
  try {
    await buildVisualizer();
  } catch (error) {
    console.error(`The visualizer cannot be built: ${error.message}`);
    exit(1);
  }
}

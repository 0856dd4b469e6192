// Compiles machines/*.yaml into one module (src/strategies/generated/machines.cjs), so that at run time they are only
// loaded. The loader is TypeScript: esbuild bundles it on the fly. A broken file ends the build with file:line:column.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { exit } from "node:process";
import { fileURLToPath } from "node:url";
import { BUNDLES, importSource } from "./lib/import-source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "src/strategies/generated/machines.cjs");

function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return files(path);
      return entry.name.endsWith(".yaml") ? [{ file: relative(root, path), text: readFileSync(path, "utf8") }] : [];
    });
}

const { loadMachines } = await importSource(join(root, BUNDLES), "load-machines", {
  entryPoints: [join(root, "src/strategies/load-machines.ts")],
});
const { machines, problems } = loadMachines(files(join(root, "machines")));
for (const { severity, message, location, hint } of problems)
  console.error(
    `${location.file}:${location.line}:${location.column}: ${severity}: ${message}${hint ? ` (${hint})` : ""}`,
  );
if (problems.length > 0) exit(1);
mkdirSync(dirname(target), { recursive: true });
// Large parts are functions: a job needs few of them (src/strategies/built-in-machines.ts).
const late = (value) => `() => (${JSON.stringify(value)})`;
const mapOf = (entries) => `{${entries.map(([key, code]) => `${JSON.stringify(key)}: ${code}`).join(",\n")}}`;
const lateMap = (map) => mapOf(Object.entries(map).map(([name, value]) => [name, late(value)]));
const { strategies, fragments, dialogues, ...rest } = machines;
const strategy = ({ pipeline, ...head }) =>
  mapOf([...Object.entries(head).map(([key, value]) => [key, JSON.stringify(value)]), ["pipeline", late(pipeline)]]);
const code = mapOf([
  ...Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)]),
  ["strategies", `[${strategies.map(strategy).join(",\n")}]`],
  ["fragments", lateMap(fragments)],
  ["dialogues", lateMap(dialogues)],
]);
writeFileSync(target, `module.exports = ${code};\n`);

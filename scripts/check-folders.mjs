#!/usr/bin/env node
/**
 * Applies the rules of .dependency-cruiser.cjs to src/, and refuses process.exit outside src/cli/main.ts.
 * Dependency-cruiser reads TypeScript only with a TypeScript compiler of the old kind, so it is given plain JavaScript:
 * once with every import, types included, for the folder rules, and once with what is left at run time, for cycles.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cruise } from "dependency-cruiser";
import { transformSync } from "esbuild";
import { CACHE, ROOT } from "./lib/paths.mjs";

const { rules, cycles } = createRequire(import.meta.url)(join(ROOT, ".dependency-cruiser.cjs"));
const MAY_EXIT = "src/cli/main.ts";

const files = readdirSync(join(ROOT, "src"), { recursive: true })
  .filter((name) => /\.(ts|js|json)$/.test(name) && !name.endsWith(".d.ts"))
  .map((name) => join("src", name));

/** Makes `import type` and `export type … from` imports that stay. */
const withTypes = (text) => text.replace(/^(import|export) type (?=[\w{*])(?=[^;=]*\bfrom\b)/gm, "$1 ");

function check(name, ruleSet, prepare) {
  const folder = join(CACHE, "folder-rules", name);
  rmSync(folder, { recursive: true, force: true });
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), "utf8");
    const out = join(folder, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(out), { recursive: true });
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
    writeFileSync(out, file.endsWith(".ts") ? transformSync(prepare(text), { loader: "ts", tsconfigRaw }).code : text);
  }
  for (const shared of ["node_modules", "package.json", "machines"])
    symlinkSync(join(ROOT, shared), join(folder, shared));
  return { folder, ruleSet };
}

async function violations({ folder, ruleSet }) {
  process.chdir(folder);
  const { output } = await cruise(["src"], {
    ruleSet: { forbidden: ruleSet },
    validate: true,
    doNotFollow: { path: "node_modules" },
    preserveSymlinks: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  });
  if (output.summary.totalCruised < files.length / 2)
    throw new Error(`Only ${output.summary.totalCruised} of ${files.length} files were read`);
  return output.summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle ? cycle.map((step) => step.name ?? step).join(" -> ") : to;
    return `${from} -> ${way}: ${rule.name}`;
  });
}

const exits = files
  .filter(
    (file) =>
      file !== MAY_EXIT &&
      /\bprocess\.exit\b(?!Code)/.test(readFileSync(join(ROOT, file), "utf8").replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "")),
  )
  .map((file) => `${file}: process.exit stands only in ${MAY_EXIT}`);
const found = [
  ...(await violations(check("all", rules, withTypes))),
  ...(await violations(check("values", cycles, (text) => text))),
  ...exits,
];
for (const line of found) console.error(line.replaceAll(".js", ".ts"));
console.log(`Folder rules: ${files.length} files, ${found.length} violations`);
process.exitCode = found.length ? 1 : 0;

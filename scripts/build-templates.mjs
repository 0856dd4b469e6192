// Compiles device-configs/device-types/*.yaml.hbs into functions (src/device/generated/templates.cjs), so that at run time
// neither Handlebars' compiler nor the front matter's YAML is needed for them. A broken template ends the build.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "device-configs/device-types");
const target = join(root, "src/device/generated/templates.cjs");
mkdirSync(dirname(target), { recursive: true });

/** The compiler is TypeScript: bundled on the fly. */
const bundle = join(root, "node_modules/.cache/lava-dispatch/compile-template.mjs");
await build({
  stdin: {
    contents: 'export * from "./render-template.js"; export { splitTemplate } from "./split-template.js";',
    resolveDir: join(root, "src/device"),
  },
  outfile: bundle,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
const { compileTemplate, splitTemplate } = await import(pathToFileURL(bundle).href);
const compiled = readdirSync(folder)
  .filter((name) => name.endsWith(".hbs"))
  .sort()
  .map((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const { front, body } = splitTemplate(text);
    try {
      const { names, code } = compileTemplate(body);
      const parts = { front: JSON.stringify(parse(front) ?? {}), names: JSON.stringify(names), spec: code };
      const fields = Object.entries(parts).map(([key, value]) => `${key}: ${value}`);
      return `${JSON.stringify(text)}: { ${fields.join(", ")} }`;
    } catch (error) {
      const place = `${relative(root, join(folder, name))}:${error.line ?? 1}:${error.column ?? 1}`;
      throw new Error(`${place}: ${error.message}`, { cause: error });
    }
  });
writeFileSync(
  target,
  `// Made by scripts/build-templates.mjs: do not edit.\nmodule.exports = {\n${compiled.join(",\n")}\n};\n`,
);

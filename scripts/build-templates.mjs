// Compiles device-configs/device-types/*.yaml.hbs into functions (src/device/generated/templates.cjs), so that at run time
// neither Handlebars' compiler nor the front matter's YAML is needed for them. A broken template ends the build.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { BUNDLES, importSource } from "./lib/import-source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "device-configs/device-types");
const target = join(root, "src/device/generated/templates.cjs");
mkdirSync(dirname(target), { recursive: true });

const { compileTemplate, splitTemplate } = await importSource(join(root, BUNDLES), "compile-template", {
  stdin: {
    contents: 'export * from "./render-template.js"; export { splitTemplate } from "./split-template.js";',
    resolveDir: join(root, "src/device"),
  },
});
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

// Writes test/device/jinja/language.json: what Python's Jinja2 makes of the cases of lib/jinja-language.mjs. Needs python3 with Jinja2 and
// PyYAML (Debian: python3-jinja2, python3-yaml).
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases, context, templates } from "./lib/jinja-language.mjs";
import { PythonJinja } from "./lib/python-jinja.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const python = new PythonJinja();
const recorded = [];
for (const source of cases) {
  const answer = await python.ask({ name: "case", source, templates, context });
  recorded.push({ source, ...answer });
}
python.end();
writeFileSync(
  join(root, "test/device/jinja/language.json"),
  `${JSON.stringify({ context, templates, cases: recorded }, undefined, 1)}\n`,
);
console.log(`${recorded.length} cases, ${recorded.filter(({ error }) => error).length} of them errors`);

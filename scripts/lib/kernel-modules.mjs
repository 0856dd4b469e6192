import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const DECOMPRESS = { ".xz": "xz", ".zst": "zstd", ".gz": "gzip" };

/** Plain bytes of a module, whatever a distribution compresses it with. */
function moduleBytes(file) {
  const tool = DECOMPRESS[file.slice(file.lastIndexOf("."))];
  return tool ? execFileSync(tool, ["-dc", file], { maxBuffer: 1 << 27 }) : readFileSync(file);
}

/** Values of one key in a module's .modinfo section. */
function modinfo(bytes, key) {
  const values = [];
  const start = Buffer.from(`\0${key}=`);
  for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 1)) {
    const from = at + start.length;
    values.push(bytes.toString("latin1", from, bytes.indexOf(0, from)));
  }
  return values;
}

const canonical = (name) => name.replaceAll("-", "_");

/**
 * The named modules with all that they depend on, below `folder` (lib/modules/VERSION of a kernel package).
 * Names that are not there are built into the kernel and left out.
 * @returns files to put into the same folder of the guest, `modules.dep` and `modules.alias` for modprobe included
 */
export function collectModules(folder, names) {
  const index = new Map();
  for (const entry of readdirSync(folder, { recursive: true })) {
    const match = /^(.*)\.ko(?:\.\w+)?$/.exec(basename(entry));
    if (match) index.set(canonical(match[1]), join(folder, entry));
  }
  const chosen = new Map();
  const add = (wanted) => {
    const name = canonical(wanted);
    if (chosen.has(name) || !index.has(name)) return;
    const bytes = moduleBytes(index.get(name));
    const depends = (modinfo(bytes, "depends")[0] ?? "").split(",").filter(Boolean).map(canonical);
    chosen.set(name, { bytes, depends, aliases: modinfo(bytes, "alias") });
    for (const other of depends) add(other);
  };
  for (const name of names) add(name);

  /** All that a module needs, each after those that need it: modprobe loads from the end. */
  const needs = (name) => {
    const order = new Set();
    const visit = (module) => {
      for (const other of chosen.get(module)?.depends ?? []) if (chosen.has(other)) visit(other);
      order.add(module);
    };
    visit(name);
    return [...order].reverse().slice(1);
  };
  const files = new Map([...chosen].map(([name, { bytes }]) => [`${name}.ko`, bytes]));
  const dep = [...chosen.keys()].map(
    (name) =>
      `${name}.ko:${needs(name)
        .map((other) => ` ${other}.ko`)
        .join("")}\n`,
  );
  const alias = [...chosen].flatMap(([name, { aliases }]) => aliases.map((text) => `alias ${text} ${name}\n`));
  return files.set("modules.dep", Buffer.from(dep.join(""))).set("modules.alias", Buffer.from(alias.join("")));
}

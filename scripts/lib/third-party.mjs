/** What the bundles hold of other projects, with the terms that each of them asks to be passed on. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const HEAD = `The programs and the page in this folder hold code of the projects below, as their authors published it.
`;
const TERMS = /^(licen[cs]e|copying|notice)/i;
const FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Folders of the packages that these files belong to; what is no package's is left out. */
export const packageFolders = (files) => files.flatMap((file) => FOLDER.exec(file)?.[0] ?? []);

/** Handed out beside the page, as it is. */
const WORKER = "elkjs";

/** Folders of the packages that a page's sources import by name, and of all that these need. */
export function importedFolders(root, sources) {
  const folders = new Set();
  const add = (name, from) => {
    if (name.startsWith("@types/")) return;
    for (let place = from; ; place = dirname(place)) {
      const folder = join(place, "node_modules", name);
      if (existsSync(join(folder, "package.json"))) {
        if (folders.has(folder)) return;
        folders.add(folder);
        const { dependencies = {} } = manifest(folder);
        for (const other of Object.keys(dependencies)) add(other, folder);
        return;
      }
      if (place === dirname(place)) return;
    }
  };
  for (const entry of readdirSync(join(root, sources), { recursive: true, encoding: "utf8" })) {
    if (!/\.tsx?$/.test(entry)) continue;
    const text = readFileSync(join(root, sources, entry), "utf8");
    for (const [, name] of text.matchAll(/^import\b[^"]*"((?:@[\w.-]+\/)?[\w-][\w.-]*)/gm)) add(name, root);
  }
  add(WORKER, root);
  return [...folders];
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** One text of all of them, sorted by their names. */
export function thirdPartyText(folders) {
  const parts = [...new Set(folders)].map((folder) => {
    const { name, version, license } = manifest(folder);
    const terms = readdirSync(folder)
      .filter((file) => TERMS.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), "utf8").trim());
    return [`${name} ${version} (${license})`, ...terms].join("\n\n");
  });
  return [HEAD, ...[...new Set(parts)].sort()].join(`\n${"-".repeat(80)}\n\n`).concat("\n");
}

/**
 * A key that a schema accepts is used: by the machines of its own method (with the fragments and dialogues that they use), by a
 * service, or by the program. What is not stands below with its reason; there is no third way, and no reason without a key.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isMap, type JsonMap } from "../../src/base/json.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SCHEMAS = join(root, "src/definition/schemas");
const MACHINES = join(root, "machines");

/** Without comments: a key that only a comment names is not used. */
const read = (file: string) => readFileSync(file, "utf8").replace(/^\s*(#|\/\/|\*|\/\*\*).*$/gm, "");
const filesBelow = (folder: string, ends: RegExp): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ["generated", "schemas", "glossary"].includes(entry.name) ? [] : filesBelow(path, ends);
    return ends.test(entry.name) ? [path] : [];
  });

/** All names of properties in a schema. */
function properties(node: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const each of node) properties(each, found);
  else if (isMap(node as JsonMap)) {
    const map = node as JsonMap;
    if (isMap(map.properties)) for (const key of Object.keys(map.properties)) found.add(key);
    for (const value of Object.values(map)) properties(value, found);
  }
  return found;
}

const names = (key: string) => new RegExp(`(?<![\\w-])${key.replace(/[$-]/g, "\\$&")}(?![\\w-])`);

/** Texts of machines/actions and machines/dialogues by what they define. */
const pieces = new Map(
  ["actions", "dialogues"].flatMap((folder) =>
    readdirSync(join(MACHINES, folder)).map((name): [string, string] => {
      const text = read(join(MACHINES, folder, name));
      const { fragment, action, dialogue } = parse(text) as { [key: string]: string };
      return [dialogue === undefined ? `use ${fragment ?? action}` : `dialogue ${dialogue}`, text];
    }),
  ),
);

/** A strategy's text with that of all that it uses. */
function withPieces(text: string, seen = new Set<string>()): string {
  let all = text;
  for (const [, kind, name] of text.matchAll(/\b(use|dialogue): ([\w-]+)/g)) {
    const key = `${kind} ${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    all += withPieces(pieces.get(key) ?? "", seen);
  }
  return all;
}

const everywhere = ["defaults.yaml", "watchers.yaml"].map((name) => read(join(MACHINES, name))).join("\n");
const code = [...filesBelow(join(root, "src"), /\.(ts|json|sh)$/)].map(read).join("\n");
const templates = filesBelow(join(root, "device-configs"), /\.(yaml|hbs)$/)
  .map(read)
  .join("\n");
const machines = filesBelow(MACHINES, /\.yaml$/)
  .map(read)
  .join("\n");

const SERVER = "the server's: a dispatcher has nothing to do with it";
const COORDINATION = "of the coordination of several jobs, which is done elsewhere";

/** Why a key is accepted and used nowhere. */
const UNUSED: { [file: string]: { [key: string]: string } } = {
  "boot/grub.yaml": { expect_shell: "LAVA reads it and does nothing with it" },
  "deploy/fvp.yaml": { install_overlay: "LAVA reads nothing of this method's `ramdisk`" },
  "deploy/fastboot.yaml": { overlay_backend: "which tool writes into images makes no difference to them" },
  "shared.yaml": { overlay_backend: "which tool writes into images makes no difference to them" },
  "deploy-block.yaml": { overlay_backend: "which tool writes into images makes no difference to them" },
  "block.yaml": { messageID: COORDINATION },
  "protocols/lava-multinode.yaml": { essential: COORDINATION, expect_role: COORDINATION, host_role: COORDINATION },
  "job.yaml": { reboot_to_fastboot: "LAVA does not use it any more", visibility: SERVER, notify: SERVER },
  "device.yaml": { power_state: "the server's note of the device" },
  "test/definitions.yaml": { maintainer: "for readers" },
  "test-definition.yaml": { maintainer: "for readers" },
  "notify.yaml": Object.fromEntries(
    [
      "blacklist",
      "callbacks",
      "criteria",
      "dataset",
      "dependency_query",
      "email",
      "entity",
      "recipients",
      "verbosity",
    ].map((key) => [key, SERVER]),
  ),
};

/** Values of a job's context are for the device's template, by whatever name it knows them. */
const FOR_TEMPLATES = new Set(["context.yaml"]);

const files = filesBelow(SCHEMAS, /\.yaml$/);
const schemas = [
  ...files,
  ...["boot", "deploy", "test", "protocols"].flatMap((folder) => filesBelow(join(SCHEMAS, folder), /\.yaml$/)),
].map((file) => file.slice(SCHEMAS.length + 1));

/** The text in which a schema's keys must stand. */
function readersOf(schema: string): string {
  const [family = "", name = ""] = schema.split("/");
  if (!["boot", "deploy"].includes(family)) return `${machines}\n${code}\n${templates}`;
  const method = basename(name, ".yaml");
  // What a deployment says may be for the boot that follows it.
  const own = ["deploy", "boot"]
    .flatMap((each) => filesBelow(join(MACHINES, each), /\.yaml$/))
    .map(read)
    .filter((text) => JSON.stringify((parse(text) as JsonMap).accepts).includes(`\\"${method}\\"`));
  expect(own, `a strategy for ${schema}`).not.toEqual([]);
  return `${own.map((text) => withPieces(text)).join("\n")}\n${everywhere}\n${code}`;
}

describe("a key that a schema accepts", () => {
  it.each([...new Set(schemas)].filter((schema) => !FOR_TEMPLATES.has(schema)))("%s", (schema) => {
    const text = readersOf(schema);
    const keys = [...properties(parse(read(join(SCHEMAS, schema))))].filter((key) => !key.startsWith("$"));
    expect(keys.filter((key) => !names(key).test(text)).toSorted()).toEqual(
      Object.keys(UNUSED[schema] ?? {}).toSorted(),
    );
  });

  it("is in no list of reasons for a schema that is not there", () => {
    expect(Object.keys(UNUSED).filter((file) => !schemas.includes(file))).toEqual([]);
  });
});

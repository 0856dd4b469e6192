// Cuts a validator that ajv wrote into pieces, one for each block's method: a job uses few of them, and the code of all is
// most of what a command would load. What several pieces use stays with the validator.
import { parse } from "acorn";

/** A schema that says `"piece": "name"` has its function cut out: the keyword leaves this mark in the code. */
export const PIECE = "piece";
const MARK = "piece of a validator: ";
export const markOf = (name) => `${MARK}${name}`;

/**
 * @param code an ES module of top-level constants and functions; functions with a mark become pieces
 * @param folder where the pieces will lie, as the module names it: `./job`
 * @returns the module without its pieces, and each piece (CommonJS: it is loaded in the middle of a check) by its name
 */
export function splitValidator(code, folder) {
  const statements = declarations(code);
  const owned = new Map();
  const cut = [...statements.values()].filter(({ piece }) => piece);
  const marked = new Set(cut.map(({ name }) => name));
  const reach = (name, met = new Set()) => {
    if (met.has(name)) return met;
    met.add(name);
    for (const used of statements.get(name).uses) if (!marked.has(used)) reach(used, met);
    return met;
  };
  // What a piece alone reaches goes with it.
  const users = new Map();
  const roots = [...[...statements.values()].filter(({ exported }) => exported).map(({ name }) => name), ...marked];
  for (const root of roots) for (const name of reach(root)) users.set(name, [...(users.get(name) ?? []), root]);
  for (const { name } of cut)
    owned.set(
      name,
      [...reach(name)].filter((each) => users.get(each).length === 1),
    );
  const gone = new Set([...owned.values()].flat());
  const textOf = (names) =>
    [...statements.values()]
      .filter(({ name }) => names.has(name))
      .map(({ text }) => text)
      .join("\n");
  const pieces = new Map();
  const stubs = cut.map(({ name, piece }) => {
    const own = new Set(owned.get(name));
    const shared = [...new Set([...own].flatMap((each) => statements.get(each).uses))].filter((each) => !own.has(each));
    pieces.set(piece, `module.exports = ({ ${shared.join(", ")} }) => {\n${textOf(own)}\nreturn ${name};\n};\n`);
    return `const ${name} = late(() => require(${JSON.stringify(`${folder}/${piece}.cjs`)})({ ${shared.join(", ")} }));`;
  });
  const kept = withoutRoot(textOf(new Set([...statements.keys()].filter((name) => !gone.has(name)))), folder);
  const late = `const late = (load) => {
  let check;
  const validate = (data, place) => {
    check ??= load();
    const valid = check(data, place);
    validate.errors = check.errors;
    return valid;
  };
  return validate;
};`;
  if (stubs.length === 0) return { code: kept, pieces };
  // the stubs first: constants, unlike functions, are to stand before what uses them is called
  return { code: [late, ...stubs, kept].join("\n"), pieces };
}

/**
 * The root schema is read for messages only: most jobs have nothing to be said of. The keys that it knows are in the code.
 * @param folder where `schema.json` will lie
 */
function withoutRoot(code, folder) {
  const [statement, root, literal] = /const (schema\d+) = (\{"\$schema".*?\});?$/m.exec(code) ?? [];
  if (!statement) throw new Error("the generated code has no root schema");
  const schema = JSON.parse(literal);
  const known = new Map();
  const keys = (_, path) => {
    const map = path
      .split(".")
      .slice(1)
      .reduce((node, key) => node[key], schema);
    if (!known.has(path)) known.set(path, `const known${known.size} = ${JSON.stringify(mapToOne(map))};`);
    return `.call(known${[...known.keys()].indexOf(path)},`;
  };
  const rest = code
    .replace(statement, () => "")
    .replace(new RegExp(`\\.call\\((${root}(?:\\.\\w+)*),`, "g"), keys)
    .replace(new RegExp(`\\b${root}\\b`, "g"), "schema()");
  return [...known.values(), rest, `export const schema = () => require("${folder}/schema.json");`].join("\n");
}

const mapToOne = (map) => Object.fromEntries(Object.keys(map).map((key) => [key, 1]));

/** All top-level declarations by their names, with the other declarations that each uses. */
function declarations(code) {
  const statements = new Map();
  for (const node of parse(code, { ecmaVersion: "latest", sourceType: "module" }).body) {
    if (node.directive) continue;
    const declaration = node.declaration ?? node;
    const names = [declaration.id ?? declaration.declarations?.map(({ id }) => id) ?? []].flat();
    const text = code.slice(node.start, node.end);
    if (names.length !== 1) throw new Error(`the generated code is not only declarations: ${text.slice(0, 80)}`);
    const piece = new RegExp(`"${MARK}([^"]+)"`).exec(text)?.[1];
    statements.set(names[0].name, { name: names[0].name, node, text, exported: node !== declaration, piece });
  }
  for (const statement of statements.values()) {
    const used = new Set();
    identifiers(statement.node, (name) => statements.has(name) && used.add(name));
    used.delete(statement.name);
    statement.uses = [...used];
  }
  return statements;
}

function identifiers(node, found) {
  if (node?.type === "Identifier") found(node.name);
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child?.type === "string") identifiers(child, found);
}

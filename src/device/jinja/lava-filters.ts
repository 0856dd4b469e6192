/** The filters that LAVA's server adds to Jinja2. */
import { YAML_SPECIALS, yamlEscape } from "../../base/yaml-escape.js";
import { parameters } from "./arguments.js";
import { type Filter, filter } from "./builtin.js";
import { isTrue, sorted } from "./compare.js";
import { typeError, unsupported } from "./errors.js";
import { floatText } from "./float-text.js";
import { asText, Dict, needed, Tuple, typeName, type Value } from "./values.js";

/** Machines with an IDE controller; all others need virtio. */
const X86 = ["amd64", "x86_64", "i386"];

export const LAVA_FILTERS: { [name: string]: Filter } = {
  shlex_quote: filter("quote", [], (value) => shellQuoted(value)),
  yaml_quote: filter("yaml_quote", [], (value) => yamlQuoted(value)),
  qemu_guest_fs_interface: filter("qemu_guest_fs_interface", parameters("guestfs_interface"), (arch, [given]) => {
    if (isTrue(given!)) return given!;
    return X86.includes(asText(arch) ?? "") ? "ide" : "virtio";
  }),
};

/** As Python's `shlex.quote`. */
function shellQuoted(value: Value): string {
  if (!isTrue(value)) return "''";
  const text = asText(value);
  if (text === undefined) throw typeError(`expected string or bytes-like object, got '${typeName(value)}'`);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** One line of YAML with all scalars in double quotes, as PyYAML writes it. */
function yamlQuoted(value: Value): string {
  needed(value);
  const text = asText(value);
  if (text !== undefined) return doubleQuoted(text);
  // the mark says: read it as if it stood there without quotes
  if (value === null) return '! "null"';
  if (typeof value === "boolean" || typeof value === "bigint") return `! "${value}"`;
  if (typeof value === "number") return `! "${yamlFloat(value)}"`;
  if (Array.isArray(value)) return `[${value.map(yamlQuoted).join(", ")}]`;
  if (value instanceof Tuple) return yamlQuoted([...value.items]);
  if (value instanceof Dict) {
    return `{${inOrder([...value.entries()])
      .map(([key, item]) => `${yamlQuoted(key)}: ${yamlQuoted(item)}`)
      .join(", ")}}`;
  }
  throw unsupported(`yaml_quote of a ${typeName(value)}`);
}

/** As PyYAML: in the order of the keys where they have one. */
function inOrder(entries: [Value, Value][]): [Value, Value][] {
  try {
    return sorted(entries, ([key]) => key);
  } catch {
    return entries;
  }
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = floatText(value);
  return text.includes(".") || !text.includes("e") ? text : text.replace("e", ".0e");
}

/** Printable ASCII stands as it is; PyYAML escapes the rest. */
const doubleQuoted = (text: string): string => `"${text.replace(YAML_SPECIALS, yamlEscape)}"`;

/** `'{} on {port:>5}'.format(name, port=1)`. */
import type { Budget } from "./budget.js";
import { JinjaError, unsupported } from "./errors.js";
import { formatValue } from "./format-spec.js";
import { quoted, repr, str } from "./text.js";
import type { Named, Value } from "./values.js";

const PIECE = /\{\{|\}\}|\{([^{}!:]*)(?:!([^{}:]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g;

export function formatBraces(format: string, args: Value[], named: Named, budget: Budget): string {
  let automatic = 0;
  const fieldValue = (field: string): Value => {
    if (/[.[]/.test(field)) throw unsupported(`the field '${field}' with attributes or items in str.format`);
    const name = field === "" ? String(automatic++) : field;
    const value = /^\d+$/.test(name) ? args[Number(name)] : named.get(name);
    if (value !== undefined) return value;
    throw new JinjaError(
      "runtime",
      /^\d+$/.test(name) ? `Replacement index ${name} out of range for positional args tuple` : quoted(name),
    );
  };
  const result = format.replace(PIECE, (piece, field: string | undefined, conversion?: string, spec?: string) => {
    if (piece === "{{" || piece === "}}") return piece[0]!;
    if (field === undefined) {
      throw new JinjaError("runtime", `Single '${piece}' encountered in format string`);
    }
    const value = fieldValue(field);
    const converted = conversion === "r" || conversion === "a" ? repr(value) : conversion === "s" ? str(value) : value;
    const inner = (spec ?? "").replace(/\{([^{}]*)\}/g, (_, name: string) => str(fieldValue(name)));
    return formatValue(converted, inner);
  });
  budget.make(result.length);
  return result;
}

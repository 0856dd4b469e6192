import type { Json } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Console } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import { evaluateCel } from "../strategies/cel.js";
import type { Runtime } from "./runtime.js";

/** A CEL value that is a text, a list or nothing, as a list. */
export const asList = (value: Json): string[] =>
  value === null ? [] : Array.isArray(value) ? value.map(String) : [String(value)];

/** The control characters of these letters, e.g. Ctrl-C for `c`. */
export const controls = (letters: string[]): string =>
  letters.map((letter) => String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f)).join("");

/** The board's last line when it asks something (`constants.console.questions`): whatever is typed would be the answer. */
export function openQuestion(runtime: Runtime, node: ActionNode, console: Console): string | undefined {
  const last = console.lastLine().trim();
  if (last === "") return undefined;
  const questions = asList(evaluateCel("constants.console.questions", runtime.scope(node)));
  return questions.some((source) => pythonRegExp(source).test(last)) ? last : undefined;
}

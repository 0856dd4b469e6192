/** Tells from the end of the console's output in which state the device is, and what to do (machines/diagnoses/). */

import { isMap, type Json, type JsonMap } from "../base/json.js";
import { LINE_END } from "../base/line-ends.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { ESCAPE, KERNEL_LINE } from "../connections/terminal-text.js";
import { text, texts } from "./overlay/inputs.js";
import type { Service } from "./types.js";

export interface Finding {
  diagnosis: string;
  state: string;
  advice: string;
}

/** The line of the last match of any of the patterns; undefined when none matches. */
function lineOf(patterns: string[], output: string): string | undefined {
  let last: { index: number; text: string } | undefined;
  for (const pattern of patterns) {
    for (const match of output.matchAll(pythonRegExp(pattern, "g")))
      if (!last || match.index >= last.index) last = { index: match.index + match[0].search(/\S|$/), text: match[0] };
  }
  if (!last) return undefined;
  const begin = output.lastIndexOf("\n", last.index) + 1;
  const end = output.indexOf("\n", last.index);
  return output.slice(begin, end < 0 ? undefined : end).trim();
}

const ESCAPES = new RegExp(ESCAPE, "g");
const KERNEL_LINES = new RegExp(KERNEL_LINE, "g");

/**
 * The first diagnosis that holds. Patterns are Python's; `{line}` in a text stands for the line that was heard. What a
 * shell says to the terminal is not looked at, and a message of the kernel hides no prompt.
 */
export function diagnose(diagnoses: Json[], output: string): Finding | undefined {
  const heard = output.replace(ESCAPES, "").replace(/(?<!\r)\r+\n/g, "\n");
  const withoutKernel = heard.replace(KERNEL_LINES, "");
  for (const each of diagnoses.filter(isMap) as JsonMap[]) {
    const patterns = texts(each, "heard");
    const line = lineOf(patterns, heard) ?? lineOf(patterns, withoutKernel);
    if (line === undefined || each.when === false || lineOf(texts(each, "unheard"), heard) !== undefined) continue;
    if (texts(each, "unlike").some((pattern) => pythonRegExp(pattern).test(line))) continue;
    const fill = (words: string) => words.replaceAll("{line}", () => line);
    return { diagnosis: text(each, "diagnosis"), state: fill(text(each, "state")), advice: text(each, "advice") };
  }
  return undefined;
}

/**
 * Inputs: diagnoses (of machines/diagnoses/, in the order in which they are asked).
 * Its result's `advice` takes the place of the error's; the error itself stays as it is.
 */
export const diagnoseConsole: Service = {
  name: "diagnose-console",
  pure: () => true,
  async run(input, { console, log }) {
    const output = console?.tail() ?? "";
    const list = Array.isArray(input.diagnoses) ? input.diagnoses : [];
    const found = diagnose(list, output);
    if (!found) {
      const last = output.trimEnd().split(LINE_END).at(-1);
      log.info(last ? `diagnosis: nothing known; the device said last: ${last}` : "diagnosis: the device said nothing");
      return undefined;
    }
    log.info(`diagnosis ${found.diagnosis}: ${found.state}`);
    return { extra: { ...found, advice: `${found.state} ${found.advice}` } };
  },
};

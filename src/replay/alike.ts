/**
 * Whether a command is the recorded one, but for what the recorded worker and its device alone knew: names that LAVA makes
 * at random, addresses in memory, options of an NFS mount. Only for logs of LAVA servers: their devices are seldom at hand
 * as they were then.
 */
import { boundedRegExp } from "../base/regexp/bounded-regexp.js";

/** A folder of an action: its name, and eight random characters. */
const RANDOM = boundedRegExp("([a-z][a-z0-9]*(?:-[a-z0-9]+)*)-([a-z0-9_]{8})(?![\\w-])", "g");
const ADDRESS = /^0x[0-9a-f]{5,16}$/i;
const URL_WORD = /^([a-z]+:\/\/[^/]+)\/(?:.*\/)?([^/]*)$/i;
const NFS_ROOT = /^(nfsroot=[^:,]+:[^,]+),/;

const words = (text: string): string[] => text.split(/[\s"']+/);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The recorded word as a pattern: each random name matches any that is made the same way. */
function withoutChance(word: string): RegExp | undefined {
  let pattern = "";
  let last = 0;
  for (const { index, 0: whole, 1: action = "" } of word.matchAll(RANDOM)) {
    pattern += `${escaped(word.slice(last, index))}${escaped(action)}-[\\w.]+`;
    last = index + whole.length;
  }
  return last === 0 ? undefined : boundedRegExp(`^${pattern}${escaped(word.slice(last))}$`);
}

/** How a word differs: not at all, by chance, by the device; undefined when it is another one. */
function difference(recorded: string, typed: string): "none" | "chance" | "device" | undefined {
  if (recorded === typed) return "none";
  if (ADDRESS.test(recorded) && ADDRESS.test(typed)) return "device";
  const pattern = withoutChance(recorded);
  if (pattern?.test(typed)) return "chance";
  const [then, now] = [NFS_ROOT.exec(recorded), NFS_ROOT.exec(typed)];
  if (then && now) return difference(then[1] as string, now[1] as string) === undefined ? undefined : "device";
  if (!pattern) return undefined;
  // The folders between are the worker's own affair.
  const [there, here] = [URL_WORD.exec(recorded), URL_WORD.exec(typed)];
  if (!there || !here || there[1] !== here[1]) return undefined;
  return difference(there[2] as string, here[2] as string) === undefined ? undefined : "chance";
}

/** What LAVA of today types behind a command to learn how it ended. */
const CHECK = / ?; printf "<LAVA_SIGNAL_RETRUNCODE \$\?>\\n"$/;

/** The answer to that check, which an older LAVA did not make: it went on, so nothing had failed. */
export function uncheckedAnswer(recorded: string, typed: string): string | undefined {
  return CHECK.test(typed) && !CHECK.test(recorded) ? "<LAVA_SIGNAL_RETRUNCODE 0>\r\n" : undefined;
}

/** `chance`: only random names differ; `device`: what a device's configuration says, too; undefined: another command. */
export function alike(recorded: string, typed: string): "chance" | "device" | undefined {
  const then = words(recorded.trimEnd());
  const now = words(CHECK.test(recorded.trimEnd()) ? typed.trimEnd() : typed.trimEnd().replace(CHECK, ""));
  if (then.length !== now.length || then[0] !== now[0]) return undefined;
  const differences = then.map((word, index) => difference(word, now[index] as string));
  if (differences.includes(undefined)) return undefined;
  return differences.includes("device") ? "device" : "chance";
}

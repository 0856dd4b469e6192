import type { CompiledPattern } from "./compiled-pattern.js";
import type { Hit, Seeker } from "./pattern-scanner.js";
import type { PromptSeeker } from "./prompt-waiter.js";
import type { FinishedLineRule } from "./types.js";

/**
 * What looks for the patterns anywhere, and for the prompts at the end of the output.
 * @param from offset at which the search begins
 * @param after a match must end behind this offset; -1 when any will do
 * @param finished when a prompt of a finished line is taken
 */
export function seekers(
  compiled: CompiledPattern[],
  from: number,
  after: number,
  found: (hit: Hit) => void,
  finished?: FinishedLineRule,
): { seeker: Seeker; prompts: PromptSeeker } {
  const seeker: Seeker = { patterns: compiled.filter(({ pattern }) => pattern.kind === "pattern"), from, after, found };
  const prompts: PromptSeeker = {
    patterns: compiled.filter(({ pattern }) => pattern.kind === "prompt"),
    from: after < 0 ? from : 0,
    after,
    ...(finished && { finished }),
    found,
  };
  return { seeker, prompts };
}

import { type BuiltInKind, builtInNames, builtInSummary } from "./built-in.js";
import type { CliContext } from "./context.js";
import { EXIT } from "./exit-codes.js";

const HEADS: [kind: BuiltInKind, head: string][] = [
  ["device", "Devices (--device NAME)"],
  ["dispatcher", "Dispatcher's settings (--dispatcher NAME)"],
  ["job", "Jobs"],
];

/** `lava-dispatch list`. */
export async function executeList({ stdout }: Pick<CliContext, "stdout">): Promise<number> {
  for (const [kind, head] of HEADS) {
    const names = builtInNames(kind);
    const longest = Math.max(...names.map((name) => name.length));
    stdout.write(`${head}\n`);
    for (const name of names) stdout.write(`  ${name.padEnd(longest)}  ${builtInSummary(kind, name)}\n`);
  }
  return EXIT.passed;
}

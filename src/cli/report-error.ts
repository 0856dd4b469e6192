/** Every error that ends a command is told here: what, where, what to do. */
import { DispatchError, toErrorRecord } from "../base/errors.js";
import { errorDetails } from "../results/error-text.js";
import type { CliContext } from "./context.js";
import { EXIT, type ExitCode, exitCodeOfError } from "./exit-codes.js";
import { colourful, harmless, plain, wantsColour } from "./terminal/paint.js";
import { UsageError } from "./usage-error.js";

/** Tells the error and gives its exit code. */
export function reportError(error: unknown, { name, stderr, env }: CliContext): ExitCode {
  const paint = wantsColour(undefined, env, stderr.isTTY === true) ? colourful : plain;
  const print = (line: string) => stderr.write(`${line}\n`);
  if (error instanceof UsageError) {
    print(`${paint("red", "error:")} ${harmless(error.message)}`);
    print(`  ${paint("dim", "do:")} ${harmless(error.hint ?? `see ${name} --help`)}`);
    return EXIT.job;
  }
  const record = toErrorRecord(error);
  const message = record.message.split("\n").map(harmless).join("\n");
  print(`${paint("red", `${record.class}:`)} ${message}`);
  for (const line of errorDetails(record)) print(`  ${harmless(line)}`);
  return error instanceof DispatchError ? exitCodeOfError(record) : EXIT.bug;
}

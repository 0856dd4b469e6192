import { SteppingClock } from "../../src/base/clock.js";
import type { CliContext, Output } from "../../src/cli/context.js";

export interface TestContext extends CliContext {
  out: () => string;
  err: () => string;
  signal: (name: NodeJS.Signals) => void;
  exits: number[];
}

/** A process of a command's own: what it writes is kept, signals are sent by hand. */
export function cliContext(options: Partial<CliContext> = {}): TestContext {
  const stream = (): Output & { text: string } => ({
    text: "",
    columns: 100,
    write(text: string) {
      this.text += text;
      return true;
    },
    on: () => {},
    off: () => {},
  });
  const stdout = stream();
  const stderr = stream();
  const listeners = new Set<(name: NodeJS.Signals) => void>();
  const exits: number[] = [];
  return {
    name: "lava-dispatch",
    version: "0.1.0",
    env: {},
    cwd: process.cwd(),
    clock: new SteppingClock(Date.UTC(2026, 7, 1, 10)),
    stdout,
    stderr,
    onSignals: (_, callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    onUncaught: () => () => {},
    onWarning: () => () => {},
    exitNow: (code) => exits.push(code),
    setTitle: () => {},
    ...options,
    out: () => stdout.text,
    err: () => stderr.text,
    signal: (name) => {
      for (const listener of listeners) listener(name);
    },
    exits,
  };
}

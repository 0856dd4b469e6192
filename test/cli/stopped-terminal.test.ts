/** A real pseudo-terminal that Ctrl-S has stopped: nothing waits for it, and what is kept comes with Ctrl-Q. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { ProcessOutput } from "../../src/cli/process-output.js";

/** Says the terminal's name, stops it, and with the first line of its input lets it go on and copies what comes. */
const TERMINAL = `
import os, pty, sys, time
main, side = pty.openpty()
os.write(main, b"\\x13")
print(os.ttyname(side), flush=True)
sys.stdin.readline()
os.write(main, b"\\x11")
while True:
    piece = os.read(main, 65536)
    sys.stdout.buffer.write(piece)
    sys.stdout.flush()
    if b"the end" in piece: break
`;

test("a stopped terminal: writes go on, the oldest lines are dropped and counted, the last ones come", async () => {
  const child = spawn("python3", ["-c", TERMINAL], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [name] = (await once(lines, "line")) as [string];
  const fd = openSync(name, constants.O_WRONLY | constants.O_NOCTTY);
  const output = new ProcessOutput(fd);
  output.unblock();
  for (let i = 0; i < 40_000; i++) output.write(`line ${i} ${"x".repeat(60)}\n`);
  expect(output.behind).toBe(true);
  output.write("the end\n");
  const shown: string[] = [];
  lines.on("line", (line) => shown.push(line.trimEnd()));
  const closed = once(lines, "close");
  child.stdin.write("go on\n");
  await output.drained();
  await closed;
  closeSync(fd);
  expect(output.behind).toBe(false);
  const dropped = shown.flatMap((line) => /^# (\d+) lines were not shown/.exec(line)?.[1] ?? []);
  expect(dropped).toHaveLength(1);
  expect(shown.filter((line) => line.startsWith("line ")).length + Number(dropped[0])).toBe(40_000);
  expect(shown.at(-1)).toBe("the end");
});

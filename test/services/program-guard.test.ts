import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { ProgramGuard } from "../../src/services/program-guard.js";

test("ends the groups that are left, and no others, when who started them is gone", async () => {
  const program = () => spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  const group = ({ pid }: ChildProcess) => pid as number;
  const [left, ended, other] = [program(), program(), program()];
  try {
    const guard = new ProgramGuard();
    for (const child of [ended, left]) guard.started(group(child));
    guard.ended(group(ended));
    guard.close();
    const [, signal] = await once(left, "exit");
    expect(signal).toBe("SIGKILL");
    // A group whose program has ended may be a stranger's by now.
    for (const child of [ended, other]) expect(child.signalCode).toBeNull();
  } finally {
    for (const child of [left, ended, other]) child.kill("SIGKILL");
  }
});

/** The service of CONTRIBUTING.md's "add a service". */
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { waitForPort } from "../../examples/services/wait-for-port.js";
import { SteppingClock } from "../../src/base/clock.js";
import { InfrastructureError } from "../../src/base/errors.js";
import type { ServiceContext } from "../../src/services/types.js";
import { freePort } from "../support/workspace.js";

/** A context whose clock never makes anybody wait. */
function context(signal = new AbortController().signal) {
  const clock = new SteppingClock();
  const lines: string[] = [];
  const tell = (message: unknown) => void lines.push(String(message));
  const log = {
    log: (_: string, message: unknown) => tell(message),
    debug: tell,
    info: tell,
    warning: tell,
    error: tell,
  };
  const hurried = {
    ...clock,
    now: () => clock.now(),
    clearTimeout: () => {},
    setTimeout: (callback: () => void) => setImmediate(callback),
  };
  return { lines, context: { signal, clock: hurried, log } as unknown as ServiceContext };
}

test("says how many tries it took", async () => {
  const port = await freePort();
  const server = createServer((socket) => socket.destroy());
  const made = context();
  const waiting = waitForPort.run({ host: "127.0.0.1", port, tries: 100_000 }, made.context);
  while (!made.lines.some((line) => line.includes("does not answer yet"))) await new Promise(setImmediate);
  server.listen(port, "127.0.0.1");
  const result = await waiting;
  server.close();
  expect(result?.extra?.attempts).toBeGreaterThan(1);
});

test("gives up with an infrastructure fault", async () => {
  const port = await freePort();
  const { context: given } = context();
  await expect(waitForPort.run({ host: "127.0.0.1", port, tries: 3 }, given)).rejects.toThrow(InfrastructureError);
});

test("stops when its action ends", async () => {
  const port = await freePort();
  const controller = new AbortController();
  const { context: given } = context(controller.signal);
  const waiting = waitForPort.run({ host: "127.0.0.1", port, tries: 1_000_000 }, given);
  controller.abort(new Error("timed out"));
  await expect(waiting).rejects.toThrow("timed out");
});

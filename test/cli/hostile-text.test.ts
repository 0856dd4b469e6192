/** Whatever names and messages hold, a terminal is sent nothing but the program's own sequences. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { InfrastructureError } from "../../src/base/errors.js";
import { ProcessOutput } from "../../src/cli/process-output.js";
import { reportError } from "../../src/cli/report-error.js";
import { plain } from "../../src/cli/terminal/paint.js";
import { PlainLines } from "../../src/cli/terminal/plain-lines.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { cliContext } from "./cli-context.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));
const EVIL = "a\x1b]52;c;aGk=\x07b\x9b2J";
const SHOWN = "a\\u001b]52;c;aGk=\\u0007b\\u009b2J";

test("a job's and a device's name", () => {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const sink = new PlainLines({ paint: plain, verbose: false, print, clock: new SteppingClock(0) });
  const header = { kind: "header", t: 0, job_name: EVIL, device: EVIL, job_id: "1" };
  sink.write({ type: "journal", record: header } as never);
  expect(lines.join()).toContain(`${SHOWN} on ${SHOWN}`);
});

test.each([new InfrastructureError(`404 ${EVIL}\nsecond`), new UsageError(EVIL, EVIL)])(
  "an error's message: %s",
  (error) => {
    const context = cliContext();
    reportError(error, context);
    expect(context.err()).toContain(SHOWN);
    expect(context.err()).not.toContain("\x1b]");
  },
);

test("whatever a command writes, on its way out of the process", () => {
  const path = join(folder, "out");
  const fd = openSync(path, "w");
  new ProcessOutput(fd).write(`\x1b[31m${EVIL}\x1b[39m\n`);
  closeSync(fd);
  expect(readFileSync(path, "utf8")).toBe(`\x1b[31m${SHOWN}\x1b[39m\n`);
});

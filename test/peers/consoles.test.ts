/** Consoles that labs use, on the serial line of an emulated board: picocom, tio, cu, conserver. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findProgram } from "../../src/services/programs.js";
import { adaptJob, boardWords, startRealBoard } from "../support/real-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole } from "../support/run-outputs.js";
import { startSerialPair } from "../support/serial-lines.js";
import { freePort, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

/** The demo job over this console. */
async function runDemo(name: string, options: { serial?: string; connect: string; port?: number }) {
  const board = await startRealBoard({ folder, name, ...options });
  try {
    const output = join(folder, `${name}-out`);
    const words = ["run", "--device", board.device, "--output-dir", output, ...boardWords(board)];
    const run = await runCli([...words, adaptJob(folder, "uboot-arm64")]);
    const report = expectCompleteOutputs(output);
    expect({ code: run.code, verdict: report.verdict.class, error: report.verdict.error }).toEqual({
      code: 0,
      verdict: "pass",
    });
    expect(report.counts).toMatchObject({ pass: 8, skip: 1, fail: 0, unknown: 0 });
    expect(readConsole(output)).toContain("Linux version");
  } finally {
    await board.destroy();
  }
}

const PROGRAMS: { [name: string]: (line: string) => string } = {
  picocom: (line) => `picocom --nolock --baud 115200 ${line}`,
  tio: (line) => `tio --baudrate 115200 ${line}`,
  cu: (line) => `cu --nostop --line ${line} --speed 115200 dir`,
};

test.each(Object.entries(PROGRAMS))("%s", async (name, connect) => {
  expect(findProgram(name, process.env)).toBeDefined();
  const line = await startSerialPair(folder, name);
  try {
    // cu gives up root for uucp before it opens the line
    const device = realpathSync(line.far);
    chmodSync(device, 0o666);
    await runDemo(name, { serial: line.near, connect: connect(device) });
  } finally {
    await line.close();
  }
});

test("conserver", async () => {
  const line = await startSerialPair(folder, "conserver");
  chmodSync(line.far, 0o666);
  const port = await freePort();
  const config = join(folder, "conserver.cf");
  writeFileSync(
    config,
    `default * { rw *; master 127.0.0.1; logfile ${folder}/conserver.log; }
console board { type device; device ${line.far}; baud 115200; parity none; }
access * { trusted 127.0.0.1; }
`,
  );
  const server = spawn("conserver", ["-C", config, "-p", String(port), "-M", "127.0.0.1", "-n"], { stdio: "ignore" });
  try {
    const connect = `console -M 127.0.0.1 -p ${port} -f board`;
    await runDemo("conserver", { serial: line.near, connect });
  } finally {
    server.kill();
    // it writes its log to the last
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    await line.close();
  }
});

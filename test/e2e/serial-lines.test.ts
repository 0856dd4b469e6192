/** The demo job over real serial lines: ser2net as in a lab, and a serial port of the dispatcher's own machine. */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adaptJob, boardWords, startRealBoard } from "../support/real-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole } from "../support/run-outputs.js";
import { startSer2net, startSerialPair } from "../support/serial-lines.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

async function runDemo(name: string, serial: string, connect: string) {
  const board = await startRealBoard({ folder, name, serial, connect });
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
    expect(await board.status()).toBe("off");
  } finally {
    await board.destroy();
  }
}

test("through socat and ser2net: telnet with RFC 2217, QEMU behind a serial line", async () => {
  const line = await startSerialPair(folder, "lab");
  const ser2net = await startSer2net(folder, line.far);
  try {
    await runDemo("ser2net", line.near, `telnet 127.0.0.1 ${ser2net.port}`);
  } finally {
    await ser2net.close();
    await line.close();
  }
});

test("a serial port of this machine, without any server", async () => {
  const line = await startSerialPair(folder, "port");
  try {
    await runDemo("serial", line.near, `serial:${line.far}?baud=115200`);
  } finally {
    await line.close();
  }
});

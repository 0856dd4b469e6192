/**
 * Boot methods that run tools, with the tools themselves: what a job makes of them is what they take. A board has only gdb, in
 * QEMU; the others go as far as they can without hardware.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { createConsole } from "../../src/connections/console.js";
import { findProgram } from "../../src/services/programs.js";
import { promptSession } from "../../src/services/prompt-session.js";
import { runTool } from "../../src/services/run-tool.js";
import { QuickClock, type TestContext, testContext } from "../services/service-context.js";
import { freePort } from "../support/workspace.js";
import { inputOf, steps } from "./tool-steps.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
  context.openConsole = (connection) => createConsole(connection, { clock: new QuickClock(1) });
});
afterEach(() => context.cleanup());

const USB = "board_id: A1B2\nusb_vendor_id: '1fc9'\nusb_product_id: '0135'";
const lacks = (...programs: string[]) => programs.some((name) => !findProgram(name, process.env));
/** A file of the job. */
function image(text: string): JsonMap {
  const file = join(context.root, "zephyr.bin");
  writeFileSync(file, text);
  return { file, name: "zephyr.bin" };
}

describe.skipIf(lacks("openocd"))("openocd", () => {
  /** It drives no probe here: its own dummy adapter stands in for one. */
  const input = async (commands: string[], debug = 2) => {
    const script = join(context.root, "board.cfg");
    writeFileSync(script, 'adapter driver dummy\nproc select_board {number} { echo "board $number" }\n');
    const options = `{ file: ["${script}"], search: ["${context.root}", null], command: ${JSON.stringify(commands)}, debug: ${debug} }`;
    const boot = `openocd: { board_selection_cmd: "select_board A1B2", parameters: { command: openocd, options: ${options} } }`;
    return inputOf(await steps("{ method: openocd }", { boot, more: USB }, { zephyr: image("hello") }), "run-tool");
  };

  test("takes all that a device and a job say, the level with them", async () => {
    await context.use(runTool, await input(["echo [file size {ZEPHYR}]", "shutdown"]));
    expect(context.log.text()).toMatch(/>> board A1B2[\s\S]*>> 5/);
    expect(context.log.text()).not.toContain("Unexpected command line argument");
  });

  test("gives its reason when it fails", async () => {
    await expect(context.use(runTool, await input(["program {ZEPHYR}"]))).rejects.toThrow(/returned 1: Error: /);
  });
});

describe.skipIf(lacks("dfu-util"))("dfu-util", () => {
  test("takes its words; without a board it says what it misses", async () => {
    const boot = "dfu: { parameters: { command: dfu-util, options: ['-E 1'] } }";
    const file = { ...image("hello"), image_arg: "--alt 1 --download {boot}" };
    const input = inputOf(await steps("{ method: dfu }", { boot, more: USB }, { boot: file }), "run-tool");
    await expect(context.use(runTool, input)).rejects.toThrow("No DFU capable USB device available");
    expect(context.log.text()).not.toMatch(/usage|unrecognized|invalid option/i);
  });
});

describe.skipIf(lacks("gdb-multiarch", "qemu-system-arm"))("gdb", () => {
  /**
   * A Cortex-M3 program of 62 bytes, as Intel HEX: it prints "hi" on the first UART of QEMU's mps2-an385 and stays.
   *   ldr r0,=0x40004000; movs r1,#16; str r1,[r0,#16]; movs r1,#1; str r1,[r0,#8]; adr r2,text
   *   next: ldrb r1,[r2]; cbz r1,stop; wait: ldr r3,[r0,#4]; lsls r3,r3,#31; bmi wait; str r1,[r0]; adds r2,#1; b next
   *   stop: b stop; text: "hi\r\n"
   */
  const CODE = "00000120090000004ff04020102101610121816004a2117829b14368db07fcd401600132f7e7fee768690d0a000000bf";
  const hexLine = (address: number, type: number, data: string) => {
    const bytes = Buffer.from([data.length / 2, address >> 8, address & 255, type, ...Buffer.from(data, "hex")]);
    const sum = (256 - (bytes.reduce((total, byte) => total + byte, 0) & 255)) & 255;
    return `:${bytes.toString("hex")}${Buffer.from([sum]).toString("hex")}`.toUpperCase();
  };
  const program = (): JsonMap => {
    const file = join(context.root, "zephyr.hex");
    const lines = (CODE.match(/.{1,32}/g) ?? []).map((data, at) => hexLine(16 * at, 0, data));
    writeFileSync(file, `${[...lines, hexLine(0, 5, "00000008"), hexLine(0, 1, "")].join("\n")}\n`);
    return { file, name: "zephyr.hex" };
  };
  const input = async (commands: string[]) => {
    const boot = `gdb: { parameters: { command: gdb-multiarch }, load: { arguments: ["-q -nx", "{ZEPHYR}"], commands: ${JSON.stringify(commands)} } }`;
    return inputOf(
      await steps("{ method: gdb, commands: load }", { boot, more: USB }, { zephyr: program() }),
      "prompt-session",
    );
  };

  let board: ChildProcess | undefined;
  afterEach(async () => {
    if (!board || board.exitCode !== null) return;
    const ended = once(board, "exit");
    board.kill("SIGKILL");
    await ended;
    board = undefined;
  });
  /** A board that stands still until gdb lets it run. @returns the port of its gdbstub and the file of its serial line */
  async function standing() {
    const [port, log] = [await freePort(), join(context.root, "console.log")];
    const words = "-M mps2-an385 -nic none -nodefaults -display none -S".split(" ");
    board = spawn("qemu-system-arm", [...words, "-gdb", `tcp:127.0.0.1:${port}`, "-serial", `file:${log}`], {
      stdio: "ignore",
    });
    const answers = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(true));
        socket.once("error", () => resolve(false));
        socket.once("connect", () => socket.destroy());
      });
    while (!(await answers())) await new Promise((next) => setTimeout(next, 50));
    return { port, log };
  }

  test("loads a program into a board, which runs it", async () => {
    const { port, log } = await standing();
    await context.use(promptSession, await input(["set confirm off", `target remote 127.0.0.1:${port}`, "load"]));
    while (!existsSync(log) || !readFileSync(log, "utf8").includes("hi"))
      await new Promise((next) => setTimeout(next, 20));
  });

  test("that could not reach the board ends at once, with what it could not do", async () => {
    await expect(context.use(promptSession, await input(["set confirm off", "load"]))).rejects.toMatchObject({
      name: "JobError",
      message:
        "'continue' failed: The program is not being run., as before 'load' did: You can't do that when your target is `exec'",
    });
    const refused = `target remote 127.0.0.1:${await freePort()}`;
    await expect(context.use(promptSession, await input(["set tcp auto-retry off", refused]))).rejects.toThrow(
      /^'target remote \S+' failed: 127\.0\.0\.1:\d+: Connection refused/,
    );
  });

  test("a command that the board does not know is no end", async () => {
    const { port } = await standing();
    const words = [`target remote 127.0.0.1:${port}`, "monitor no-such-command", "load"];
    await context.use(promptSession, await input(words));
  });
});

/** Who reads the program's output stops reading: the job goes on, the board is powered off, the log files hold all. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, openSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { bootBlock, type FakeBoard, PROMPT, playShell, startFakeBoard, writeJob } from "../support/fake-board.js";
import { runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

const LINE = `${"x".repeat(200)}\r\n`;
const NOTICE = /# (\d+) lines were not shown: nobody read them\. The log files hold all\./;

/** A board that says more than any reader's buffer takes, and then boots. */
async function talkingBoard(name: string, bytes: number): Promise<FakeBoard> {
  const play = async (console: Socket) => {
    const piece = LINE.repeat(500);
    for (let sent = 0; sent < bytes; sent += piece.length)
      if (!console.write(piece)) await new Promise((resolve) => console.once("drain", resolve));
    playShell(console);
  };
  return startFakeBoard({ folder, name, play });
}

function words(name: string, fake: FakeBoard, ...more: string[]) {
  const job = writeJob(folder, name, { actions: [bootBlock(50)] });
  const output = join(folder, `${name}-out`);
  const tftp = ["--tftp-root", join(folder, "tftp")];
  return {
    output,
    argv: [
      process.execPath,
      inRoot("dist/lava-dispatch.js"),
      ...runWords(fake.device, output, "1"),
      ...tftp,
      ...more,
      job,
    ],
  };
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
};

async function readAll(stream: Readable): Promise<string> {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}

function expectAll(output: string, bytes: number) {
  expect(expectCompleteOutputs(output).verdict).toMatchObject({ class: "pass" });
  const console = readConsole(output);
  expect(console.length).toBeGreaterThan(bytes);
  expect(console).toContain(PROMPT);
}

const BYTES = 24 << 20;

test("a pipe that nobody reads, as with `| less`", async () => {
  const fake = await talkingBoard("pipe", BYTES);
  const { argv, output } = words("pipe", fake, "--log-format", "text");
  const fifo = join(folder, "fifo");
  spawnSync("mkfifo", [fifo]);
  const held = openSync(fifo, "r+");
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["ignore", held, "inherit"] });
  const ended = once(child, "close");
  await until(() => fake.power().includes("off"));
  const reading = readAll(createReadStream(fifo));
  closeSync(held);
  expect(await ended).toEqual([0, null]);
  const text = await reading;
  expect(Number(NOTICE.exec(text)?.[1])).toBeGreaterThan(0);
  expect(text.length).toBeLessThan(BYTES);
  expect(text).toContain("power-off");
  expectAll(output, BYTES);
  await fake.close();
}, 120_000);

test("a socket that nobody reads, as from another program", async () => {
  const fake = await talkingBoard("socket", BYTES);
  const { argv, output } = words("socket", fake, "--log-format", "text");
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  await until(() => fake.power().includes("off"));
  const text = await readAll(child.stdout.setEncoding("utf8"));
  expect(await ended).toEqual([0, null]);
  expect(Number(NOTICE.exec(text)?.[1])).toBeGreaterThan(0);
  expect(text.length).toBeLessThan(BYTES);
  expect(text).toContain("power-off");
  expectAll(output, BYTES);
  await fake.close();
}, 120_000);

/** Runs its words in a terminal, which it stops at once; with the first line of its input it lets it go on and copies what comes. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
words = sys.argv[1:]
ready, go = os.pipe()
pid, main = pty.fork()
if pid == 0:
    os.read(ready, 1)
    os.execv(words[0], words)
fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
os.write(main, b"\\x13")
os.write(go, b"x")
sys.stdin.readline()
os.write(main, b"\\x11")
while True:
    try: piece = os.read(main, 65536)
    except OSError: break
    if not piece: break
    sys.stdout.buffer.write(piece)
    sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test.each([
  ["the live tree", []],
  ["the whole log", ["--verbose"]],
])(
  "a terminal that Ctrl-S has stopped before the job begins: %s",
  async (_name, more) => {
    const bytes = 4 << 20;
    const fake = await talkingBoard("terminal", bytes);
    const { argv, output } = words("terminal", fake, ...more);
    const env = { ...process.env, TERM: "xterm-256color", CI: "" };
    const child = spawn("python3", ["-c", TERMINAL, ...argv], { stdio: ["pipe", "pipe", "inherit"], env });
    const ended = once(child, "close");
    await until(() => fake.power().includes("off"));
    const reading = readAll(child.stdout.setEncoding("utf8"));
    child.stdin.end("go on\n");
    const text = await reading;
    expect(await ended).toEqual([0, null]);
    expect(text.length).toBeLessThan(bytes);
    expect(text).toContain("PASSED");
    expectAll(output, bytes);
    if (more.length > 0) expect(Number(NOTICE.exec(text)?.[1])).toBeGreaterThan(0);
    // No picture of the tree waits for a terminal that is stopped: one may have gone out before, and one comes at the end.
    else expect(text.split("\x1b[?2026h").length - 1).toBeLessThanOrEqual(3);
    await fake.close();
  },
  120_000,
);

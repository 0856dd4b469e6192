/** Jobs that try to hold the process up, and a process that is killed: the board is powered off, nothing is left running. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bootBlock, startFakeBoard, writeJob } from "../support/fake-board.js";
import { runWords, startCli, until } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

const wait = () => new Promise((resolve) => setTimeout(resolve, 50));

test.each([
  ["nested repeats", "(a+)+\\$$", `${"a".repeat(40)}!`],
  ["repeats in a row", String.raw`\s+\S*\s+\S*\s+zz`, `${"  x".repeat(3_000)}`],
  ["a reference back", String.raw`(a*)*\1b$`, "a".repeat(40)],
])(
  "a prompt that costs for ever, %s: SIGTERM ends the job and the board is off",
  async (name, prompt, text) => {
    const label = name.replaceAll(" ", "-");
    const play = (console: Socket) => {
      const saying = setInterval(() => console.write(`${text}\r\n${text}`), 20);
      console.on("close", () => clearInterval(saying));
    };
    const fake = await startFakeBoard({ folder, name: label, play });
    const job = writeJob(folder, label, { actions: [bootBlock(100, { prompts: [prompt] })] });
    const output = join(folder, `${label}-out`);
    const words = [...runWords(fake.device, output, "1"), "--tftp-root", join(folder, "tftp"), job];
    const running = startCli(words);
    await until("the board talks", running, () => {
      const file = join(output, "console.cast");
      return existsSync(file) && readConsole(output).includes(text.slice(0, 30).trim());
    });
    running.child.kill("SIGTERM");
    const { code } = await running.done;
    expect(code).toBe(4);
    expect(expectCompleteOutputs(output).verdict).toMatchObject({ class: "canceled" });
    expect(fake.power()).toEqual(["reset", "off"]);
    await fake.close();
  },
  60_000,
);

const isAlive = (pid: number) => {
  try {
    // A process that has ended and that nobody has waited for is none.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

test.each(["lava-dispatch", "lava-run"])(
  "%s is killed with its process group, as a LAVA worker does: what it started ends",
  async (program) => {
    const script = join(folder, `${program}-tool`);
    const pids = join(folder, `${program}-pids`);
    writeFileSync(
      script,
      `#!/bin/sh\ntrap '' HUP TERM\nsleep 600 &\necho $$ $! >'${pids}.new'\nmv '${pids}.new' '${pids}'\nwait\n`,
    );
    chmodSync(script, 0o755);
    const fake = await startFakeBoard({
      folder,
      name: program,
      play: () => {},
      commands: { users: { wait: { do: script } } },
    });
    const job = writeJob(folder, program, { actions: [{ command: { name: "wait" } }] });
    const output = join(folder, `${program}-killed`);
    const words =
      program === "lava-run"
        ? ["--device", fake.device, "--output-dir", output, "--job-id", "1", job]
        : [...runWords(fake.device, output, "1"), "--tftp-root", join(folder, "tftp"), job];
    const child = spawn(process.execPath, [inRoot(`dist/${program}.js`), ...words], {
      detached: true,
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    while (!existsSync(pids)) {
      expect(child.exitCode).toBeNull();
      await wait();
    }
    const started = readFileSync(pids, "utf8").trim().split(" ").map(Number);
    expect(started.map(isAlive)).toEqual([true, true]);
    try {
      process.kill(-(child.pid as number), "SIGKILL");
      await ended;
      while (started.some(isAlive)) await wait();
    } finally {
      for (const pid of started.filter(isAlive)) process.kill(pid, "SIGKILL");
    }
    await fake.close();
  },
  30_000,
);

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, RealClock } from "../../src/base/clock.js";
import { openConnection } from "../../src/connections/index.js";
import type { Connection, ConnectOptions } from "../../src/connections/types.js";
import { until } from "./peers.js";

const connections: Connection[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
async function run(words: string[], options: Partial<ConnectOptions> = {}) {
  const signal = new AbortController().signal;
  const connection = await openConnection(words, { signal, clock: new RealClock(), ...options });
  connections.push(connection);
  const output = { text: "" };
  connection.output.subscribe((bytes) => {
    output.text += Buffer.from(bytes).toString("latin1");
  });
  return { connection, output };
}
/** A clock whose waits are 20 times shorter. */
const fast: Clock = {
  now: () => Date.now() * 20,
  setTimeout: (callback, ms) => setTimeout(callback, ms / 20),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
};
const lives = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};

describe("pty command", () => {
  test("cat on a terminal echoes and answers", async () => {
    const { connection, output } = await run(["cat"]);
    await connection.write(Buffer.from("hello\n"));
    await until("echo and answer", () => output.text === "hello\r\nhello\r\n");
    await connection.write(Buffer.from("\x04"));
    expect(await connection.closed).toEqual({ kind: "eof", message: "cat ended with exit code 0" });
  });

  test("the exit code and the signal of the program are told", async () => {
    const code = await run(["sh", "-c", "echo bye; exit 7"]);
    expect(await code.connection.closed).toEqual({ kind: "eof", message: "sh ended with exit code 7" });
    expect(code.output.text).toBe("bye\r\n");
    const killed = await run(["sh", "-c", "kill -9 $$"]);
    expect(await killed.connection.closed).toEqual({ kind: "eof", message: "sh was ended by signal 9" });
  });

  test("arguments are no shell's: nothing in them is expanded", async () => {
    const { connection, output } = await run(["printf", "%s|", "$HOME", "`id`", "; ls", "*", "a b"]);
    await connection.closed;
    expect(output.text).toBe("$HOME|`id`|; ls|*|a b|");
  });

  test("a program beside the device file, the environment and the size of the terminal", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pty-"));
    folders.push(folder);
    writeFileSync(join(folder, "connect"), '#!/bin/sh\necho "$BOARD in $PWD"; stty size\n');
    chmodSync(join(folder, "connect"), 0o755);
    const env = { ...process.env, BOARD: "panda" };
    const { connection, output } = await run(["./connect"], { cwd: folder, env, columns: 132, rows: 50 });
    await connection.closed;
    expect(output.text).toBe(`panda in ${folder}\r\n50 132\r\n`);
    await expect(run(["./missing"], { cwd: folder })).rejects.toThrow(
      "The program ./missing of the connection command",
    );
  });

  test("closing ends the whole process group", async () => {
    const { connection, output } = await run(["sh", "-c", "sleep 300 & echo $!; sleep 301 & echo $!; wait"]);
    await until("both run", () => output.text.split("\n").length === 3);
    const pids = output.text.trim().split(/\s+/).map(Number);
    expect(pids.every(lives)).toBe(true);
    await connection.close();
    await until("both ended", () => !pids.some(lives));
  });

  test("what ignores TERM and hang-up is killed", async () => {
    const script = "trap '' TERM HUP; echo $$; while :; do sleep 0.05; done";
    const { connection, output } = await run(["sh", "-c", script], { clock: fast });
    await until("it runs", () => output.text.includes("\n"));
    const pid = Number(output.text);
    await connection.close();
    expect(lives(pid)).toBe(false);
  });

  test("an interactive shell ends when the line is closed", async () => {
    const { connection, output } = await run(["sh", "-i"], { env: { ...process.env, PS1: "pty# " }, clock: fast });
    await until("the prompt", () => output.text.includes("pty# "));
    await connection.close();
    expect(await connection.closed).toMatchObject({ kind: "closed" });
  });

  test("the last output is not lost when reading was paused at the program's end", async () => {
    const { connection, output } = await run(["sh", "-c", "printf a; sleep 0.1; seq 1 300; exec sleep 0"]);
    await until("it began", () => output.text !== "");
    connection.pause();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(output.text.length).toBeLessThan(1000);
    connection.resume();
    expect(await connection.closed).toMatchObject({ kind: "eof" });
    expect(output.text.endsWith("299\r\n300\r\n")).toBe(true);
  });

  test("what a background process of an ended program holds open ends too", async () => {
    const { connection, output } = await run(["sh", "-c", "trap '' HUP; sleep 300 & echo $!"]);
    expect(await connection.closed).toMatchObject({ kind: "eof" });
    const pid = Number(output.text);
    await until("it ended", () => !lives(pid));
  });
});

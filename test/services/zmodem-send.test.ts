/** A file over a console: the real sz against the real rz, which a shell on a terminal of its own starts. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConsole } from "../../src/connections/console.js";
import { openConnection } from "../../src/connections/index.js";
import type { Console } from "../../src/connections/types.js";
import { findProgram } from "../../src/services/programs.js";
import { zmodemSend } from "../../src/services/zmodem-send.js";
import { type TestContext, testContext } from "./service-context.js";

const why = findProgram("sz", process.env) ? undefined : "not installed: lrzsz";
if (why) console.warn(`zmodem-send: skipped: ${why}`);

describe.skipIf(why !== undefined)("zmodem-send", () => {
  let context: TestContext;
  let shell: Console;
  let board: string;
  beforeEach(async () => {
    context = testContext();
    board = join(context.root, "board");
    mkdirSync(board);
    const env = { ...context.env, PS1: "board# ", ENV: undefined };
    const connection = await openConnection(["/bin/sh", "-i"], { ...context, env, cwd: board });
    shell = createConsole(connection, { clock: context.clock });
    context.console = shell;
    await prompt();
  });
  afterEach(async () => {
    await shell.close();
    await context.cleanup();
  });
  const hear = (source: string, kind: "prompt" | "pattern") =>
    shell.expect([{ source, kind, index: 0 }], AbortSignal.timeout(15_000));
  const prompt = () => hear("board# ", "prompt");
  const answers = async () => {
    // As after every transfer: the sender's farewell may have come too late for the receiver.
    await shell.send("");
    await prompt();
    await shell.send("echo al''ive");
    await hear("alive", "pattern");
  };
  const file = (bytes: Uint8Array) => {
    const path = join(context.paths.work, "overlay.tar.gz");
    writeFileSync(path, bytes);
    return path;
  };

  test("every byte arrives, and the shell goes on", async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const bytes = Buffer.concat([all, randomBytes(200_000), Buffer.alloc(3000, 0xff), Buffer.alloc(3000, 0x18), all]);
    await zmodemSend.run({ file: file(bytes) }, context);
    expect(readFileSync(join(board, "overlay.tar.gz")).equals(bytes)).toBe(true);
    await answers();
  });

  test("a transfer that is broken off leaves no receiver behind", async () => {
    const path = file(randomBytes(8_000_000));
    const running = zmodemSend.run({ file: path }, context);
    running.catch(() => {});
    // In the middle: the receiver has begun to write.
    const begun = () => {
      try {
        return readFileSync(join(board, "overlay.tar.gz")).length > 0;
      } catch {
        return false;
      }
    };
    while (!begun()) await new Promise((resolve) => setTimeout(resolve, 5));
    context.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await answers();
  });

  test("a file that the sender cannot read is a JobError with its words, and the shell goes on", async () => {
    await expect(zmodemSend.run({ file: join(context.paths.work, "nothing") }, context)).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("The board did not take nothing"),
    });
    await answers();
  });
});

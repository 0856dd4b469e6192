/** `lava-dispatch/testing`, as a lab's own tests use it. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ReplayFailure, replay } from "../../src/testing.js";
import { BOOT, folderOf, JOB, lavaLog, RECORDINGS, VERDICT } from "./recordings-of-tests.js";

const panic = replay(`${RECORDINGS}/panic`);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => "no failure",
    (error: unknown) => (error instanceof ReplayFailure ? error.message : error),
  );

test("a single cast, with its job, device and journal beside it", async () => {
  const source = `${RECORDINGS}/qemu-x86_64`;
  const folder = folderOf({});
  for (const file of ["console.cast", "journal.jsonl"])
    writeFileSync(
      join(folder, file.replace("console", "my-board").replace(/^journal/, "my-board.journal")),
      gunzipSync(readFileSync(`${source}/${file}.gz`)),
    );
  copyFileSync(`${source}/job.yaml`, join(folder, "my-board.job.yaml"));
  copyFileSync(`${source}/device.yaml`, join(folder, "my-board.device.yaml"));
  const board = replay("my-board.cast", { cwd: folder });
  await board.reaches("auto-login-action");
  const { results, status } = await board.passes();
  expect(status).toBe("ended");
  expect(Object.keys(results).length).toBeGreaterThan(1);
});

describe("questions", () => {
  test("levels, actions and states that were reached", async () => {
    await panic.reaches("login-action");
    await panic.reaches("2.4.3");
    const { outcome } = await panic.reaches("bootloader-commands.typing");
    expect(outcome).toBe("job JobError at 2.4.4.1 login-action");
  });
  test("how it ended", async () => {
    await panic.ends("job");
    await panic.failsWith("Kernel panic");
    await panic.failsWith(/not syncing/);
    await panic.matchesGolden();
    await replay(`${RECORDINGS}/split-signal`).passes();
  });
});

describe("a failure says what happened instead", () => {
  test("a state that is not reached", async () => {
    const text = await failure(panic.reaches("lava-test-shell"));
    expect(text).toMatch(
      /^test\/recordings\/panic does not reach lava-test-shell\n {2}outcome: job JobError at 2\.4\.4\.1 login-action: .*panic/,
    );
    expect(text).toMatch(/\n {2}last states:\n( {4}\d+\.\d{3} .*\n){7} {4}\d+\.\d{3} ended$/);
  });
  test("another end", async () => {
    expect(await failure(panic.passes())).toMatch(/ does not end with pass\n {2}outcome: job JobError/);
    expect(await failure(panic.failsWith("no such words"))).toMatch(/ does not fail with no such words\n/);
  });
  test("a divergence, with the stuck report", async () => {
    const folder = folderOf({ "logs.yaml": lavaLog([...BOOT, VERDICT]), "job.yaml": JOB.replace("0x3", "0x4") });
    const text = await failure(replay(folder).passes());
    expect(text).toMatch(
      /outcome: diverged at 1\.4\.3 bootloader-commands typing-last: sent "booti 0x1 0x2 0x4", recorded "booti 0x1 0x2 0x3"/,
    );
    expect(text).toMatch(/\n {2}stuck: state: /);
  });
  test("a golden trace that is missing or differs", async () => {
    const folder = folderOf({ "logs.yaml": lavaLog([...BOOT, VERDICT]) });
    expect(await failure(replay(folder).matchesGolden())).toMatch(
      /golden\.txt is missing\.\n {2}Write it: lava-dispatch replay --against/,
    );
    writeFileSync(
      join(folder, "golden.txt"),
      "outcome: fail\nmessage:\nresults:\nduration: 1.000\nstates:\n0.000 validating\n",
    );
    expect(await failure(replay(folder).matchesGolden())).toMatch(
      /is not as in its golden trace\n {2}before: fail\n {2}now: {4}pass\n {2}first difference at /,
    );
  });
  test("a recording that cannot be used", async () => {
    expect(await failure(replay("nowhere").passes())).toBe("There is no recording nowhere.\n  Check the path.");
  });
});

test("its published types stand alone", () => {
  expect(readFileSync("src/testing-api.ts", "utf8")).not.toMatch(/^import|from "/m);
});

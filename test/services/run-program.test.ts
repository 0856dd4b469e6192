import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { filterThrough, mustSucceed, runProgram } from "../../src/services/run-program.js";
import { QuickClock, type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
});
afterEach(() => context.cleanup());

/** A script of the test; scripts are only used as programs to be run. */
const script = (name: string, text: string): string => {
  const file = join(context.root, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
};
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("runProgram", () => {
  test("gives code and output, and logs every line", async () => {
    const program = script("a", `echo one; echo two >&2; printf 'three\\r\\nno end'; exit 3`);
    const result = await runProgram([program, "x"], context);
    expect(result.code).toBe(3);
    expect(result.output).toContain("two\n");
    const lines = context.log.lines.map(({ level, message }) => `${level} ${message}`).sort();
    expect(lines).toEqual(["debug >> no end", "debug >> one", "debug >> three", "debug >> two"]);
  });

  test("a line of one stream is not cut by the other", async () => {
    const program = script("a", `printf 'be' >&2; sleep 0.1; echo other; sleep 0.1; echo gun >&2; printf end`);
    expect((await runProgram([program], context)).output).toBe("other\nbegun\nend");
  });

  test("arguments are words, never shell text", async () => {
    const { output } = await runProgram(["printf", "%s|", "a b", "$(touch /tmp/x)", "; exit 1"], context);
    expect(output).toBe("a b|$(touch /tmp/x)|; exit 1|");
  });

  test("input, cwd, environment, quiet", async () => {
    const program = script("b", "cat; pwd; echo $THING");
    const options = { ...context, input: "hello\n", cwd: context.paths.work, env: { ...context.env, THING: "thing" } };
    const { output } = await runProgram([program], { ...options, quiet: true });
    expect(output).toBe(`hello\n${context.paths.work}\nthing\n`);
    expect(context.log.lines).toEqual([]);
  });

  test("a program that does not read its input is no error", async () => {
    expect((await runProgram(["true"], { ...context, input: Buffer.alloc(1 << 20) })).code).toBe(0);
  });

  test("output that comes back is bounded, characters cut between chunks stay whole", async () => {
    const program = script("c", `i=0; while [ $i -lt 5000 ]; do echo "line $i äöü"; i=$((i+1)); done`);
    const { output } = await runProgram([program], { ...context, maxOutput: 1000 });
    expect(output.length).toBe(1000);
    expect(output.endsWith("line 4999 äöü\n")).toBe(true);
    expect(context.log.lines.length).toBe(5000);
    expect(context.log.text()).not.toContain("\uFFFD");
  });

  test("a line without an end is logged in pieces", async () => {
    await runProgram([script("d", "head -c 100000 /dev/zero | tr '\\0' x")], context);
    expect(context.log.lines.every(({ message }) => String(message).length <= 8200)).toBe(true);
    expect(context.log.lines.map(({ message }) => String(message).slice(3)).join("").length).toBe(100000);
  });

  test("a missing program is an InfrastructureError with its package", async () => {
    const gone = runProgram(["xz"], { ...context, env: { PATH: "/nonexistent" } });
    await expect(gone).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("'xz'"),
      advice: expect.stringContaining("apt-get install xz-utils"),
    });
  });

  test("a script whose interpreter is missing is an InfrastructureError", async () => {
    writeFileSync(join(context.root, "e"), "#!/no/such/interpreter\n", { mode: 0o755 });
    await expect(runProgram([join(context.root, "e")], context)).rejects.toMatchObject({ name: "InfrastructureError" });
  });

  test("on abort the whole process group ends, and the reason is what is thrown", async () => {
    const pids = join(context.root, "pids");
    const program = script("f", `sleep 1000 & echo $! > ${pids}; echo $$ >> ${pids}; wait`);
    const run = runProgram([program], context);
    await until(() => existsSync(pids) && readFileSync(pids, "utf8").split("\n").length === 3);
    const reason = new Error("cancelled");
    context.abort(reason);
    await expect(run).rejects.toBe(reason);
    const [child = 0, parent = 0] = readFileSync(pids, "utf8").split("\n").map(Number);
    await until(() => !alive(child) && !alive(parent));
  });

  test("what ignores TERM is killed", async () => {
    const ready = join(context.root, "ready");
    const program = script("g", `trap '' TERM; touch ${ready}; while :; do sleep 0.05; done`);
    const run = runProgram([program], { ...context, clock: new QuickClock(100) });
    await until(() => existsSync(ready));
    context.abort(new Error("timeout"));
    await expect(run).rejects.toThrow("timeout");
  });

  test("nothing starts after an abort", async () => {
    context.abort(new Error("too late"));
    await expect(runProgram(["touch", join(context.root, "made")], context)).rejects.toThrow("too late");
    expect(existsSync(join(context.root, "made"))).toBe(false);
  });

  test("timeoutMs is an InfrastructureError", async () => {
    const options = { ...context, clock: new QuickClock(100), timeoutMs: 10_000 };
    await expect(runProgram(["sleep", "1000"], options)).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("did not end within 10 seconds"),
    });
  });

  test("a daemon that the program leaves behind neither blocks nor dies", async () => {
    const pid = join(context.root, "pid");
    const program = script("h", `setsid sleep 1000 & echo $! > ${pid}; echo started`);
    const result = await runProgram([program], { ...context, clock: new QuickClock(10) });
    expect(result).toMatchObject({ code: 0, output: "started\n" });
    const daemon = Number(readFileSync(pid, "utf8"));
    expect(alive(daemon)).toBe(true);
    process.kill(daemon, "SIGKILL");
  });

  test("a program that is killed says so", async () => {
    const result = await runProgram([script("i", "kill -KILL $$")], context);
    expect(result).toMatchObject({ code: 137, killed: "SIGKILL" });
  });
});

describe("mustSucceed", () => {
  test("gives the action's own error with the last line", async () => {
    const failing = mustSucceed([script("j", "echo because; exit 2")], { ...context, error: "InfrastructureError" });
    await expect(failing).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringMatching(/^Unable to run: \['.*j'\] returned 2: because$/),
    });
  });
});

describe("filterThrough", () => {
  const read = async (source: AsyncIterable<Uint8Array>) => {
    const chunks = [];
    for await (const chunk of source) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  async function* megabytes(n: number, fault?: Error) {
    for (let i = 0; i < n; i++) yield Buffer.alloc(1 << 20, i);
    if (fault) throw fault;
  }

  test("bytes go through", async () => {
    const bytes = await read(filterThrough(["cat"], megabytes(8), { ...context, error: "JobError" }));
    expect(bytes.length).toBe(8 << 20);
    expect(bytes[7 << 20]).toBe(7);
  });

  test("an error of the source goes before that of the program", async () => {
    const fault = new Error("source");
    await expect(read(filterThrough(["cat"], megabytes(2, fault), { ...context, error: "JobError" }))).rejects.toBe(
      fault,
    );
  });

  test("a program that fails gives its last words", async () => {
    const bad = read(filterThrough(["xz", "-dc"], megabytes(2), { ...context, error: "JobError" }));
    await expect(bad).rejects.toMatchObject({ name: "JobError", message: expect.stringContaining("xz") });
  });

  test("who stops reading ends the program", async () => {
    const pid = join(context.root, "pid");
    const program = script("k", `echo $$ > ${pid}; exec cat`);
    for await (const chunk of filterThrough([program], megabytes(100), { ...context, error: "JobError" })) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(statSync(pid).size).toBeGreaterThan(0);
    await until(() => !alive(Number(readFileSync(pid, "utf8"))));
  });
});

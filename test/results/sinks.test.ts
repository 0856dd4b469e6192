import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test, vi } from "vitest";
import { parse } from "yaml";
import { InfrastructureError } from "../../src/base/errors.js";
import type { RunEvent } from "../../src/interpreter/events.js";
import { AppendFile } from "../../src/results/append-file.js";
import { ConsoleCast } from "../../src/results/console-cast.js";
import { writeDescription } from "../../src/results/description-yaml.js";
import { JournalJsonl } from "../../src/results/journal-jsonl.js";
import { LogsYaml } from "../../src/results/logs-yaml.js";
import { mixed, START } from "./journals.js";

const folder = () => mkdtempSync(join(tmpdir(), "sinks-"));
const log = (level: "target" | "results", message: string, t = START): RunEvent => ({
  type: "log",
  t,
  level,
  message,
  line: 0,
});

test("logs.yaml: console lines are batched and come soon; results come at once, and in order", async () => {
  const directory = folder();
  const read = () => readFileSync(join(directory, "logs.yaml"), "utf8");
  const sink = new LogsYaml(directory, { flushMs: 5 });
  sink.write(log("target", "one"));
  expect(read()).toBe("");
  await vi.waitUntil(() => read() !== "");
  sink.write(log("target", "two"));
  sink.write(log("results", "three"));
  expect(parse(read()).map(({ msg }: { msg: string }) => msg)).toEqual(["one", "two", "three"]);
  sink.write(log("target", "four"));
  await sink.close();
  expect(read().endsWith('"msg": "four"}\n')).toBe(true);
});

test("journal.jsonl: effects are on disk before they start", async () => {
  const directory = folder();
  const sink = new JournalJsonl(directory);
  const { records } = mixed();
  for (const record of records) {
    sink.write({ type: "journal", record });
    expect(JSON.parse(readFileSync(join(directory, "journal.jsonl"), "utf8").trimEnd().split("\n").at(-1)!)).toEqual(
      record,
    );
  }
  await sink.close();
});

test("console.cast: asciicast v2 with output and input, secrets never", async () => {
  const directory = folder();
  const sink = new ConsoleCast(directory, { start: START, title: "job 42" });
  const console = (t: number, direction: "output" | "input", text: string, secret = false) =>
    sink.write({ type: "console", t: START + t, direction, text, secret, console: "common" });
  console(10, "output", "é");
  console(40, "output", "€😀");
  console(100, "input", "root\n");
  console(200, "input", "hunter2\n", true);
  console(300, "output", "\ufffd\x1b\r\n");
  await sink.close();
  const [header, ...events] = readFileSync(join(directory, "console.cast"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(header).toEqual({
    version: 2,
    width: 80,
    height: 24,
    timestamp: START / 1000,
    title: "job 42",
    start_ms: START,
  });
  expect(events).toEqual([
    [0.01, "o", "é"],
    [0.04, "o", "€😀"],
    [0.1, "i", "root\n"],
    [0.2, "i", "[MASKED]"],
    [0.3, "o", "\ufffd\x1b\r\n"],
  ]);
});

test("description.yaml has LAVA's form", () => {
  const directory = folder();
  writeDescription(directory, {
    pipeline: [{ name: "a", level: "1", pipeline: [{ name: "b", level: "1.1", timeout: 60 }] }],
  });
  expect(readFileSync(join(directory, "description.yaml"), "utf8")).toBe(
    "pipeline:\n- name: a\n  level: '1'\n  pipeline:\n  - name: b\n    level: '1.1'\n    timeout: 60\n",
  );
});

test("a full disk is an InfrastructureError, told once", async () => {
  const errors: InfrastructureError[] = [];
  const file = new AppendFile("/dev/full", { onError: (error) => errors.push(error) });
  file.append("one\n", true);
  file.append("two\n", true);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(InfrastructureError);
  expect(errors[0]!.message).toContain("ENOSPC");
  expect(errors[0]!.advice).toContain("Free space");
  await expect(file.close()).rejects.toBe(errors[0]);
});

test("a file that cannot be opened is an InfrastructureError", () => {
  expect(() => new AppendFile(join(folder(), "no", "such", "folder"))).toThrow(InfrastructureError);
});

test("kill -9 in the middle of a run leaves logs, journal and recording readable", async () => {
  const directory = folder();
  const writer = join(directory, "writer.mjs");
  const root = fileURLToPath(new URL("../../", import.meta.url));
  await build({
    stdin: {
      contents: `
        import { LogsYaml } from "./src/results/logs-yaml.ts";
        import { JournalJsonl } from "./src/results/journal-jsonl.ts";
        import { ConsoleCast } from "./src/results/console-cast.ts";
        const sinks = [new LogsYaml(${JSON.stringify(directory)}), new JournalJsonl(${JSON.stringify(directory)}),
          new ConsoleCast(${JSON.stringify(directory)}, { start: 0, title: "t" })];
        let n = 0;
        setInterval(() => {
          for (let i = 0; i < 500; i++, n++) for (const sink of sinks) {
            sink.write({ type: "log", t: n, level: "target", message: "line " + n + " \\u001b[0m", line: n });
            sink.write({ type: "console", t: n, direction: "output", text: "line " + n + "\\r\\n", secret: false, console: "common" });
            if (n % 50 === 0) sink.write({ type: "journal", record: { kind: "event", seq: n, t: n, event: { type: "e" }, state: ["a"] } });
          }
          if (n === 3000) process.stdout.write("running\\n");
        }, 1);`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: writer,
    logLevel: "error",
  });
  const child = spawn(process.execPath, [writer], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  const lines = (file: string) => {
    const text = readFileSync(join(directory, file), "utf8");
    const all = text.split("\n");
    all.pop();
    return all;
  };
  const logs = lines("logs.yaml");
  expect(logs.length).toBeGreaterThan(1000);
  for (const [index, line] of logs.entries())
    if (index % 200 === 0) expect(parse(line)).toMatchObject([{ lvl: "target", msg: `line ${index} \x1b[0m` }]);
  for (const line of lines("journal.jsonl")) expect(JSON.parse(line).kind).toBe("event");
  const cast = lines("console.cast").map((line) => JSON.parse(line));
  expect(
    cast
      .slice(1)
      .map(([, , text]: string[]) => text)
      .join(""),
  ).toMatch(/^line 0\r\nline 1\r\n/);
  unlinkSync(writer);
  writeFileSync(join(directory, "done"), "");
});

/**
 * Speed of the console over a boot log of 50 MB in chunks of 4 KiB: scanning alone, and the whole path from a pty to
 * logs.yaml and console.cast, with the peers in the same run where they can be had. `npm run bench -- --only console`.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { RealClock } from "../src/base/clock.js";
import { Utf8Decoder } from "../src/base/utf8-decoder.js";
import { compilePattern } from "../src/connections/compiled-pattern.js";
import { createConsole, openConnection } from "../src/connections/index.js";
import { OutputHistory } from "../src/connections/output-history.js";
import { PatternScanner } from "../src/connections/pattern-scanner.js";
import type { Pattern } from "../src/connections/types.js";
import { ConsoleCast } from "../src/results/console-cast.js";
import { LogsYaml } from "../src/results/logs-yaml.js";
import { bootLog, PATTERNS } from "./boot-log.js";
import { PEXPECT_SCAN, SHELL_COMMAND } from "./console-peers.js";

const CHUNK = 4096;
const BYTES = 50e6;
/** The peers are slow: a part of the log tells their speed as well. */
const PEER_BYTES = 5e6;
const RUNS = 7;
const patterns: Pattern[] = PATTERNS.map((source, index) => ({ source, kind: "pattern", index }));

interface Row {
  what: string;
  "MB/s": number | null;
  /** By the processor time of the process itself, whatever else the machine does. */
  "MB/CPU s"?: number;
  "peak RSS MB"?: number;
  "grown MB"?: number;
  note?: string;
}
interface Goal {
  text: string;
  value: string;
  limit: string;
  met?: boolean;
}
/** The unpacked LAVA that bench/lava-peer.mjs gives. */
interface Peer {
  python: string;
  env: NodeJS.ProcessEnv;
}

const rss = () => process.memoryUsage.rss() / 1e6;

/** A rate by the clock and by the process's own time. */
class Stopwatch {
  readonly #began = performance.now();
  readonly #cpu = process.cpuUsage();
  rates(bytes: number): { wall: number; cpu: number } {
    const { user, system } = process.cpuUsage(this.#cpu);
    return { wall: bytes / 1e3 / (performance.now() - this.#began), cpu: bytes / (user + system) };
  }
}

/** Decoding and scanning as the console does it, without log and signals. */
function scan(log: Buffer) {
  const decoder = new Utf8Decoder();
  const history = new OutputHistory(64 * 1024);
  const scanner = new PatternScanner(history);
  scanner.add({ patterns: patterns.map(compilePattern), from: 0, after: -1, found: () => {} });
  const watch = new Stopwatch();
  for (let at = 0; at < log.length; at += CHUNK) {
    const text = decoder.write(log.subarray(at, at + CHUNK));
    history.push(text);
    scanner.scan();
  }
  return watch.rates(log.length);
}

/** From `cat` on a pty through the console to both files. */
async function wholePath(file: string, parent: string) {
  // A folder of its own: to empty the files of the run before would be measured too.
  const folder = mkdtempSync(join(parent, "run-"));
  const clock = new RealClock();
  const logs = new LogsYaml(folder);
  const cast = new ConsoleCast(folder, { start: clock.now(), title: "bench" });
  let line = 0;
  let outputs = 0;
  global.gc?.();
  const before = rss();
  let peak = before;
  const watch = new Stopwatch();
  const connection = await openConnection(["cat", file], { signal: new AbortController().signal, clock });
  const console = createConsole(connection, { clock });
  console.events.subscribe((event) => {
    if (event.kind === "lines") {
      for (const message of event.lines)
        logs.write({ type: "log", t: event.time, level: "target", message, line: line++ });
    } else if (event.kind === "output") {
      cast.write({
        type: "console",
        t: event.time,
        direction: "output",
        text: event.text,
        secret: false,
        console: "common",
      });
      // To ask costs more than to write a chunk.
      if (++outputs % 100 === 0) peak = Math.max(peak, rss());
    }
  });
  console.watch(patterns.slice(0, 10), () => {});
  const waiting = console.expect(patterns.slice(10), new AbortController().signal).catch(() => {});
  await console.closed;
  await waiting;
  await Promise.all([logs.close(), cast.close()]);
  const rates = watch.rates(BYTES);
  await connection.close();
  rmSync(folder, { recursive: true });
  return { ...rates, peak, grown: peak - before };
}

/** Runs a peer; its last line is JSON. */
async function runPeer(python: string, script: string, args: string[], env: NodeJS.ProcessEnv): Promise<Partial<Row>> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", script, ...args], { env, maxBuffer: 64e6 });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Partial<Row>;
  } catch (error) {
    return { "MB/s": null, note: (error as Error).message.trim().split("\n").at(-1) ?? "failed" };
  }
}

const best = (rows: Partial<Row>[]): Partial<Row> =>
  rows.reduce((a, b) => ((a["MB/s"] ?? 0) >= (b["MB/s"] ?? 0) ? a : b));

const goalOf = (text: string, ours: number, theirs: number | null | undefined, times: number): Goal =>
  theirs
    ? { text, value: `${(ours / theirs).toFixed(1)} x`, limit: `at least ${times} x`, met: ours / theirs >= times }
    : { text, value: "peer not available", limit: "" };

/** @param options.peer an unpacked LAVA, or undefined */
export async function measure({ peer }: { peer?: Peer | undefined }): Promise<{ rows: Row[]; goals: Goal[] }> {
  const folder = mkdtempSync(join(tmpdir(), "console-bench-"));
  try {
    const log = bootLog(BYTES);
    // The terminal makes CR LF of LF.
    const text = log.toString("latin1").replaceAll("\r\n", "\n");
    const file = join(folder, "boot.log");
    writeFileSync(file, text, "latin1");
    const part = join(folder, "part.log");
    writeFileSync(part, text.slice(0, PEER_BYTES), "latin1");
    const asked = join(folder, "patterns.json");
    writeFileSync(asked, JSON.stringify(PATTERNS));

    const python = peer?.python ?? "python3";
    const env = peer?.env ?? process.env;
    scan(log);
    await wholePath(part, folder);
    const scans: ReturnType<typeof scan>[] = [];
    const paths: Awaited<ReturnType<typeof wholePath>>[] = [];
    const pexpects: Partial<Row>[] = [];
    const lavas: Partial<Row>[] = [];
    // In turn, so that what else the machine does hits all alike; the best run of each counts.
    for (let run = 0; run < RUNS; run += 1) {
      scans.push(scan(log));
      paths.push(await wholePath(file, folder));
      pexpects.push(await runPeer(python, PEXPECT_SCAN, [part, asked], env));
      if (peer) lavas.push(await runPeer(python, SHELL_COMMAND, [part, asked, folder], env));
    }
    const pexpect = best(pexpects);
    const lava = peer ? best(lavas) : { "MB/s": null, note: "not available" };
    const ours = {
      what: "pty, scan, logs.yaml, console.cast: lava-dispatch",
      "MB/s": Math.max(...paths.map(({ wall }) => wall)),
      "MB/CPU s": Math.max(...paths.map(({ cpu }) => cpu)),
      "peak RSS MB": Math.max(...paths.map(({ peak }) => peak)),
      // The first run's growth is the heap getting its size.
      "grown MB": Math.max(...paths.slice(1).map(({ grown }) => grown)),
    };
    const scanned = {
      what: `scanning ${PATTERNS.length} patterns: lava-dispatch`,
      "MB/s": Math.max(...scans.map(({ wall }) => wall)),
      "MB/CPU s": Math.max(...scans.map(({ cpu }) => cpu)),
    };
    return {
      rows: [
        scanned,
        { "MB/s": null, ...pexpect, what: `scanning ${PATTERNS.length} patterns: pexpect, search window 8184` },
        ours,
        { "MB/s": null, ...lava, what: "pty, scan, YAML log: LAVA's shell command" },
      ],
      goals: [
        goalOf("scanning against pexpect", scanned["MB/s"], pexpect["MB/s"], 10),
        goalOf("the whole path against LAVA's", ours["MB/s"], lava["MB/s"], 30),
        {
          text: "memory over 50 MB of log",
          value: `${ours["grown MB"].toFixed(0)} MB more`,
          limit: "flat (under 40 MB)",
          met: ours["grown MB"] < 40,
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

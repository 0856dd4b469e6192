/**
 * Speed of the console over a boot log of 50 MB in chunks of 4 KiB: scanning alone, and the whole path from a pty to
 * logs.yaml and console.cast; peers in the same run where they are installed. Prints a table and JSON.
 *
 *   node dist/bench/console.bench.js [--json FILE] [--megabytes N] [--runs N]
 *
 * LAVA_PYTHONPATH names a folder with LAVA's python packages (dist-packages of the unpacked Debian package) to measure it.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { RealClock } from "../src/base/clock.js";
import { compilePattern } from "../src/connections/compiled-pattern.js";
import { createConsole, openConnection } from "../src/connections/index.js";
import { OutputHistory } from "../src/connections/output-history.js";
import { PatternScanner } from "../src/connections/pattern-scanner.js";
import type { Pattern } from "../src/connections/types.js";
import { Utf8Decoder } from "../src/connections/utf8-decoder.js";
import { ConsoleCast } from "../src/results/console-cast.js";
import { LogsYaml } from "../src/results/logs-yaml.js";
import { bootLog, PATTERNS } from "./boot-log.js";
import { PEXPECT_SCAN, SHELL_SESSION } from "./console-peers.js";

const CHUNK = 4096;
const patterns: Pattern[] = PATTERNS.map((source, index) => ({ source, kind: "pattern", index }));

interface Measurement {
  what: string;
  mb_per_s: number | null;
  peak_rss_mb?: number;
  /** Of it, what the run added. */
  grown_mb?: number;
  note?: string;
}

const rss = () => process.memoryUsage().rss / 1e6;
const rate = (bytes: number, ms: number) => bytes / 1e6 / (ms / 1000);

/** Decoding and scanning, as the console does it, without log and signals. */
function scan(log: Buffer): number {
  const decoder = new Utf8Decoder();
  const history = new OutputHistory(64 * 1024);
  const scanner = new PatternScanner();
  scanner.add({ patterns: patterns.map(compilePattern), from: 0, after: -1, found: () => {} });
  const began = performance.now();
  for (let at = 0; at < log.length; at += CHUNK) {
    const text = decoder.write(log.subarray(at, at + CHUNK));
    const offset = history.end;
    history.push(text);
    const from = Math.max(history.start, offset - scanner.reach);
    scanner.scan(history.slice(from), from);
  }
  return rate(log.length, performance.now() - began);
}

/** From `cat` on a pty through the console to both files. */
async function wholePath(file: string, bytes: number, folder: string): Promise<{ rate: number; peak: number; grown: number }> {
  const clock = new RealClock();
  const logs = new LogsYaml(folder);
  const cast = new ConsoleCast(folder, { start: clock.now(), title: "bench" });
  let line = 0;
  global.gc?.();
  const before = rss();
  let peak = before;
  const began = performance.now();
  const connection = await openConnection(["cat", file], { signal: new AbortController().signal, clock });
  const console = createConsole(connection, { clock });
  console.events.subscribe((event) => {
    if (event.kind === "line") {
      logs.write({ type: "log", t: event.time, level: "target", message: event.text, line });
      line += 1;
    } else if (event.kind === "output") {
      cast.write({ type: "console", t: event.time, direction: "output", bytes: event.bytes, secret: false });
      peak = Math.max(peak, rss());
    }
  });
  console.watch(patterns.slice(0, 10), () => {});
  const waiting = console.expect(patterns.slice(10), new AbortController().signal).catch(() => {});
  await console.closed;
  await waiting;
  await Promise.all([logs.close(), cast.close()]);
  const took = performance.now() - began;
  await connection.close();
  return { rate: rate(bytes, took), peak, grown: peak - before };
}

async function python(script: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Measurement> {
  for (const program of ["/usr/bin/python3", "python3"])
    try {
      const { stdout } = await promisify(execFile)(program, ["-c", script, ...args], {
        env: { ...process.env, ...env },
        maxBuffer: 64e6,
      });
      return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Measurement;
    } catch (error) {
      if (program === "python3")
        return { what: "", mb_per_s: null, note: (error as Error).message.trim().split("\n").at(-1) ?? "failed" };
    }
  throw new Error("unreachable");
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    megabytes: { type: "string", default: "50" },
    runs: { type: "string", default: "3" },
  },
});
const bytes = Number(values.megabytes) * 1e6;
const runs = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), "console-bench-"));
try {
  const log = bootLog(bytes);
  const file = join(folder, "boot.log");
  // The terminal makes CR LF of LF.
  writeFileSync(file, log.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
  const peerFile = join(folder, "peer.log");
  writeFileSync(peerFile, log.subarray(0, Math.min(bytes, 10e6)));
  writeFileSync(join(folder, "patterns.json"), JSON.stringify(PATTERNS));

  scan(log.subarray(0, 5e6));
  const scans = Array.from({ length: runs }, () => scan(log));
  const paths: Awaited<ReturnType<typeof wholePath>>[] = [];
  for (let run = 0; run < runs; run += 1) paths.push(await wholePath(file, bytes, folder));
  const pexpect = await python(PEXPECT_SCAN, [file, join(folder, "patterns.json")]);
  const lava: Measurement = process.env.LAVA_PYTHONPATH
    ? await python(SHELL_SESSION, [peerFile, join(folder, "patterns.json"), folder], { PYTHONPATH: process.env.LAVA_PYTHONPATH })
    : { what: "", mb_per_s: null, note: "LAVA_PYTHONPATH is not set" };

  const ours = { scan: median(scans), path: median(paths.map(({ rate }) => rate)) };
  const table: Measurement[] = [
    { what: "scanning 12 patterns: lava-dispatch", mb_per_s: ours.scan },
    { ...pexpect, what: "scanning 12 patterns: pexpect, search window 8184" },
    {
      what: "pty, scan, logs.yaml, console.cast: lava-dispatch",
      mb_per_s: ours.path,
      peak_rss_mb: Math.max(...paths.map(({ peak }) => peak)),
      grown_mb: Math.max(...paths.slice(1).map(({ grown }) => grown)),
    },
    { ...lava, what: "pty, scan, YAML log: LAVA's shell session" },
  ];
  const ratio = (mine: number, theirs: number | null) => (theirs ? Number((mine / theirs).toFixed(1)) : null);
  const result = {
    bench: "console",
    megabytes: bytes / 1e6,
    runs,
    measurements: table,
    scan_ratio: ratio(ours.scan, pexpect.mb_per_s),
    path_ratio: ratio(ours.path, lava.mb_per_s),
  };
  console.table(
    Object.fromEntries(
      table.map(({ what, mb_per_s, peak_rss_mb, grown_mb, note }) => [
        what,
        {
          "MB/s": mb_per_s === null ? "-" : Number(mb_per_s.toFixed(1)),
          "peak RSS, MB": peak_rss_mb === undefined ? "" : Number(peak_rss_mb.toFixed(0)),
          "grown, MB": grown_mb === undefined ? "" : Number(grown_mb.toFixed(0)),
          note: note ?? "",
        },
      ]),
    ),
  );
  console.log(`scanning: ${result.scan_ratio ?? "?"} × pexpect; whole path: ${result.path_ratio ?? "?"} × LAVA`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  else console.log(JSON.stringify(result));
} finally {
  rmSync(folder, { recursive: true });
}

/** A service's surroundings for tests: real folders, a quick clock, a log that can be read. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, RealClock } from "../../src/base/clock.js";
import { deepMerge, type Json, type JsonMap } from "../../src/base/json.js";
import type { Logger, LogLevel } from "../../src/base/log.js";
import type { Console } from "../../src/connections/types.js";
import { DiskMeter } from "../../src/services/disk-meter.js";
import type { Progress, Service, ServiceContext, ServiceResult } from "../../src/services/types.js";

/** Real timers whose time runs `speed` times as fast: long waits pass quickly, in order. */
export class QuickClock implements Clock {
  readonly #real = new RealClock();
  readonly #begin = Date.now();
  constructor(readonly speed: number) {}
  now(): number {
    return this.#begin + (Date.now() - this.#begin) * this.speed;
  }
  setTimeout(callback: () => void, ms: number): unknown {
    return this.#real.setTimeout(callback, ms / this.speed);
  }
  clearTimeout(id: unknown): void {
    this.#real.clearTimeout(id);
  }
}

/**
 * For back-off and stalls: waits of `slow` ms take `real` ms, all others end at once. So a server on a busy machine is not
 * taken for a stalled one, and back-off costs nothing.
 */
export class ImpatientClock extends RealClock {
  readonly #begin = super.now();
  constructor(
    readonly slow = 60_000,
    readonly real = slow,
  ) {
    super();
  }
  override now(): number {
    return this.#begin + ((super.now() - this.#begin) * this.slow) / this.real;
  }
  override setTimeout(callback: () => void, ms: number): unknown {
    return super.setTimeout(callback, ms === this.slow ? this.real : 0);
  }
}

export class MemoryLog implements Logger {
  readonly lines: { level: LogLevel; message: Json }[] = [];
  log(level: LogLevel, message: Json): void {
    this.lines.push({ level, message });
  }
  debug = (message: Json) => this.log("debug", message);
  info = (message: Json) => this.log("info", message);
  warning = (message: Json) => this.log("warning", message);
  error = (message: Json) => this.log("error", message);
  text(): string {
    return this.lines.map(({ level, message }) => `${level} ${message}`).join("\n");
  }
}

export interface TestContext extends ServiceContext {
  log: MemoryLog;
  data: JsonMap;
  /** The folder around all of `paths`. */
  root: string;
  reports: Progress[];
  abort(reason?: unknown): void;
  /** Runs a service and merges its data, as the interpreter does. */
  use(service: Service, input: JsonMap): Promise<ServiceResult | undefined>;
  /** Undoes all, last first. */
  cleanup(): Promise<void>;
}

export function testContext(changes: Partial<ServiceContext> = {}): TestContext {
  const root = mkdtempSync(join(tmpdir(), "lava-dispatch-test-"));
  const folder = (name: string) => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const abort = new AbortController();
  const undone: ((signal: AbortSignal) => Promise<unknown>)[] = [];
  const context: TestContext = {
    root,
    action: {
      name: "an-action",
      level: "1.2",
      namespace: "common",
      section: "deploy",
      parameters: {},
      commandError: "JobError",
      attempt: 1,
    },
    jobId: "42",
    job: {},
    device: {},
    dispatcher: {},
    paths: {
      output: folder("output"),
      work: folder("work"),
      tftpRoot: folder("tftp"),
      jobDir: folder("job"),
      deviceDir: folder("device"),
    },
    data: {},
    signal: abort.signal,
    hurry: new AbortController().signal,
    clock: new QuickClock(1),
    meter: new DiskMeter(changes.dispatcher),
    log: new MemoryLog(),
    env: { PATH: process.env.PATH, HOME: root },
    reports: [],
    progress: (progress) => context.reports.push(progress),
    console: undefined,
    setConsole: (console: Console | undefined) => {
      context.console = console;
    },
    openConsole: () => {
      throw new Error("no console in this test");
    },
    onCleanup: (undo) => undone.push(undo),
    abort: (reason) => abort.abort(reason),
    async use(service, input) {
      const result = await service.run(input, context);
      if (result?.data) context.data = deepMerge(context.data, result.data);
      return result;
    },
    async cleanup() {
      for (const undo of undone.splice(0).reverse()) await undo(new AbortController().signal);
      rmSync(root, { recursive: true, force: true });
    },
    ...(changes as object),
  };
  return context;
}

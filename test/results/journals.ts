/** Journals written by hand: what reports and terminals are tested with. */
import type { ErrorRecord } from "../../src/base/errors.js";
import type { JsonMap } from "../../src/base/json.js";
import { JOURNAL_VERSION, type JournalNode, type JournalRecord } from "../../src/interpreter/journal-format.js";

export const START = Date.UTC(2026, 7, 1, 10, 0, 0);

const node = (level: string, name: string, section: string, more: Partial<JournalNode> = {}): JournalNode => ({
  level,
  name,
  summary: `${name} of ${section}`,
  section,
  namespace: "common",
  max_retries: 1,
  timeout: 60,
  ...more,
});

export const TREE: JournalNode[] = [
  node("1", "tftp-deploy", "deploy", {
    timeout: 300,
    children: [
      node("1.1", "lava-overlay", "deploy"),
      node("1.2", "download-retry", "deploy", {
        max_retries: 3,
        children: [node("1.2.1", "http-download", "deploy")],
      }),
    ],
  }),
  node("2", "uboot-action", "boot", {
    max_retries: 2,
    timeout: 120,
    location: { file: "job.yaml", line: 31, column: 3 },
    children: [
      node("2.1", "connect-device", "boot"),
      node("2.2", "reset-device", "boot"),
      node("2.3", "login-action", "boot"),
    ],
  }),
  node("3", "lava-test-retry", "test", { max_retries: 2, children: [node("3.1", "lava-test-shell", "test")] }),
  node("4", "finalize", "boot", { children: [node("4.1", "power-off", "boot")] }),
];

/** Writes records with running numbers and a clock that moves by `step`. */
export class JournalWriter {
  readonly records: JournalRecord[] = [];
  t = START;
  line = 10;

  constructor(suites = ["0_smoke", "1_storage"]) {
    this.#add({
      kind: "header",
      v: JOURNAL_VERSION,
      chart: "f00d",
      dispatcher: "0.1.0",
      job_id: "42",
      job_name: "smoke <&> tests",
      device: "board-01",
      job_file: "job.yaml",
      device_file: "board-01.yaml",
      timeout: 600,
      tree: TREE,
      suites,
    });
  }
  #add(record: object): this {
    this.records.push({ ...record, seq: this.records.length, t: this.t } as JournalRecord);
    return this;
  }
  after(seconds: number): this {
    this.t += seconds * 1000;
    return this;
  }
  event(type: string, state: string[] = ["job.2"]): this {
    return this.#add({ kind: "event", event: { type }, state });
  }
  action(level: string, status: string, more: { attempt?: number; duration?: number; error?: ErrorRecord } = {}): this {
    const all = (nodes: JournalNode[]): JournalNode[] => nodes.flatMap((each) => [each, ...all(each.children ?? [])]);
    const name = all(TREE).find((each) => each.level === level)!.name;
    return this.#add({ kind: "action", level, name, status, attempt: 1, ...more });
  }
  result(level: string, result: JsonMap, attempt = 1): this {
    this.line += 5;
    return this.#add({ kind: "result", level, attempt, result, log_line: this.line });
  }
  case(suite: string, name: string, result: string, more: JsonMap = {}, attempt = 1): this {
    return this.result("3.1", { definition: suite, case: name, result, ...more }, attempt);
  }
  suiteEnd(suite: string, attempt = 1, result = "pass"): this {
    const more = { path: `inline/${suite}.yaml`, duration: "1.25", revision: "unspecified", namespace: "common" };
    return this.result("3.1", { definition: "lava", case: suite, uuid: `42_${suite}`, result, ...more }, attempt);
  }
  verdict(error?: ErrorRecord, further: ErrorRecord[] = []): this {
    this.result("0", {
      definition: "lava",
      case: "job",
      result: error ? "fail" : "pass",
      ...(error && { error_msg: error.message, error_type: error.type }),
    });
    return this.#add({
      kind: "verdict",
      verdict: { result: error ? "fail" : "pass", ...(error && { error }), further },
    });
  }
  lines(): string[] {
    return this.records.map((record) => JSON.stringify(record));
  }
}

const deployed = (writer: JournalWriter) =>
  writer
    .result("0", { definition: "lava", case: "validate", result: "pass" })
    .action("1", "start")
    .action("1.1", "start")
    .after(0.5)
    .action("1.1", "done", { duration: 0.5 })
    .action("1.2", "start")
    .action("1.2.1", "start")
    .after(1.5)
    .result("1.2.1", {
      definition: "lava",
      namespace: "common",
      case: "http-download",
      level: "1.2.1",
      duration: "1.50",
      result: "pass",
      extra: { label: "kernel", size: 27303872 },
    })
    .action("1.2.1", "done", { duration: 1.5 })
    .action("1.2", "done", { duration: 1.5 })
    .action("1", "done", { duration: 2 });

const booted = (writer: JournalWriter, attempt = 1) =>
  (attempt === 1 ? writer.action("2", "start") : writer)
    .action("2.1", "start", { attempt })
    .action("2.1", "done", { attempt, duration: 0.1 })
    .action("2.2", "start", { attempt })
    .after(1)
    .action("2.2", "done", { attempt, duration: 1 })
    .action("2.3", "start", { attempt })
    .after(4)
    .action("2.3", "done", { attempt, duration: 4 })
    .action("2", "done", { attempt, duration: 5.1 });

const finalized = (writer: JournalWriter) =>
  writer
    .action("4", "start")
    .action("4.1", "start")
    .after(0.2)
    .action("4.1", "done", { duration: 0.2 })
    .action("4", "done", { duration: 0.2 });

export const labFault: ErrorRecord = {
  class: "ConnectionClosedError",
  type: "Infrastructure",
  message: "The console telnet 127.0.0.1:6020 was closed",
  level: "2.3",
  action: "login-action",
  location: { file: "job.yaml", line: 31, column: 3 },
  advice: "Check the serial server and its cable.",
  cause: "read ECONNRESET",
  stuck: ["state: 2.3 booting", "awaited: login:", "nearest: \x1b[31m[  2.1] random: crng init done"],
};

export const panic: ErrorRecord = {
  class: "JobError",
  type: "Job",
  message: "Kernel panic - not syncing: VFS: Unable to mount root fs",
  level: "2.3",
  action: "login-action",
  board: "dead",
};

/** Everything passes but one case; a measurement, a set, a skip, an unknown, a reference. */
export const mixed = () =>
  finalized(
    booted(deployed(new JournalWriter()))
      .action("3", "start")
      .action("3.1", "start")
      .case("0_smoke", "pwd", "pass", { starttc: 20, endtc: 22 })
      .case("0_smoke", "uname", "fail", { starttc: 24, endtc: 30 })
      .case("0_smoke", "boot-time", "pass", { measurement: 4.25, units: "seconds" })
      .suiteEnd("0_smoke")
      .case("1_storage", "read", "skip", { set: "disk" })
      .case("1_storage", "write", "unknown", { set: "disk" })
      .case("1_storage", "report", "pass", { reference: "http://lab/1?a=1&b=2" })
      .suiteEnd("1_storage")
      .after(3)
      .action("3.1", "done", { duration: 3 })
      .action("3", "done", { duration: 3 }),
  ).verdict();

/** The same cases twice: the first attempt of the test action fails, the second passes. */
export const retried = () => {
  const broken: ErrorRecord = {
    class: "TestError",
    type: "Test",
    message: "boom",
    level: "3.1",
    action: "lava-test-shell",
  };
  const writer = booted(
    deployed(new JournalWriter(["0_smoke"]))
      .action("2", "start")
      .action("2.3", "start")
      .after(9)
      .result("2.3", {
        definition: "lava",
        namespace: "common",
        case: "login-action",
        level: "2.3",
        duration: "9.00",
        result: "fail",
        extra: { fail: panic.message },
      })
      .action("2.3", "failed", { duration: 9, error: panic })
      .action("2", "retry", { attempt: 2, error: panic }),
    2,
  )
    .action("3", "start")
    .action("3.1", "start")
    .case("0_smoke", "flaky", "fail")
    .case("0_smoke", "gone", "pass")
    .action("3.1", "failed", { duration: 1, error: broken })
    .action("3", "retry", { attempt: 2, error: broken })
    .action("3.1", "start", { attempt: 2 })
    .case("0_smoke", "flaky", "pass", {}, 2)
    .suiteEnd("0_smoke", 2)
    .action("3.1", "done", { attempt: 2, duration: 1 })
    .action("3", "done", { attempt: 2, duration: 2 });
  return finalized(writer).verdict();
};

/** The lab's fault while booting; nothing was tested. */
export const faulty = () =>
  finalized(
    deployed(new JournalWriter())
      .action("2", "start")
      .action("2.3", "start")
      .after(2)
      .result("2.3", {
        definition: "lava",
        namespace: "common",
        case: "login-action",
        level: "2.3",
        duration: "2.00",
        result: "fail",
        extra: { fail: labFault.message },
      })
      .action("2.3", "failed", { duration: 2, error: labFault })
      .action("2", "failed", { duration: 2, error: labFault }),
  ).verdict(labFault, [
    {
      class: "InfrastructureError",
      type: "Infrastructure",
      message: "power-off.sh ended with 1",
      level: "4.1",
      action: "power-off",
    },
  ]);

/** The second suite never ends, though the job does. */
export const incomplete = () =>
  finalized(
    booted(deployed(new JournalWriter()))
      .action("3", "start")
      .action("3.1", "start")
      .case("0_smoke", "pwd", "pass")
      .suiteEnd("0_smoke")
      .case("1_storage", "read", "pass")
      .after(3)
      .action("3.1", "done", { duration: 3 })
      .action("3", "done", { duration: 3 }),
  ).verdict();

/** What is on disk when the dispatcher is killed in the middle of a record. */
export const truncated = () => {
  const lines = mixed().lines();
  const end = lines.findIndex((line) => line.includes('"write"'));
  return [...lines.slice(0, end), lines[end]!.slice(0, 40)];
};

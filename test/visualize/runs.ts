/** Runs to look at: a real chart, a journal that goes through it, a console and a log beside it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonMap } from "../../src/base/json.js";
import { JOURNAL_VERSION, type JournalNode } from "../../src/interpreter/journal-format.js";
import type { ActionNode, Pipeline } from "../../src/pipeline/action-tree.js";
import { explain } from "../../src/pipeline/explain.js";
import { logLineWriter } from "../../src/results/log-line.js";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { action } from "../statechart/action-nodes.js";

export const START = Date.UTC(2026, 7, 1, 10);

/** deploy (with a download that is tried twice), boot (fails with a stuck report), finalize. */
export const smallPipeline = (): Pipeline => {
  const tree = [
    action(
      {
        name: "deploy",
        section: "deploy",
        children: [{ name: "download", service: "http-download" }],
        retry: true,
        maxRetries: 2,
      },
      "1",
    ),
    action({ name: "boot", seconds: 20, children: [{ name: "login", service: "nothing" }] }, "2"),
    action({ name: "finalize", children: [{ name: "power-off", service: "power-off" }] }, "3"),
  ];
  return {
    actions: tree,
    scope: {
      job: {},
      device: {},
      dispatcher: {},
      job_id: "7",
      namespaces: {},
      methods: { deploy: {}, boot: {}, test: {} },
    },
    watchers: [],
    jobTimeout: { seconds: 600, rule: "test", chain: [] },
    problems: [],
    validation: [],
    selections: [],
  };
};

export const treeOf = (nodes: ActionNode[]): JournalNode[] =>
  nodes.map(({ level, name, summary, section, namespace, maxRetries, timeout, children }) => ({
    level,
    name,
    summary,
    section,
    namespace,
    max_retries: maxRetries,
    timeout: timeout.seconds,
    ...(children.length > 0 && { children: treeOf(children) }),
  }));

export const ERROR = {
  class: "InfrastructureError",
  type: "Infrastructure",
  message: "login timed out after 20 seconds",
  level: "2.1",
  action: "login",
  advice: "Its limit of 20 s comes from test.",
  stuck: ["state: working.2_boot", 'waiting for 19.0 s for: "login:"', "the board printed nothing"],
};

/** Records with their numbers; `at`: seconds since the beginning. */
export function journal(pipeline = smallPipeline()): JsonMap[] {
  const records: JsonMap[] = [];
  const add = (at: number, record: object) =>
    void records.push({ ...record, seq: records.length, t: START + at * 1000 } as JsonMap);
  const act = (at: number, level: string, name: string, status: string, more: object = {}) =>
    add(at, { kind: "action", level, name, status, attempt: 1, ...more });
  const event = (at: number, level: string, type: string, state: string[], more: object = {}) =>
    add(at, { kind: "event", level, event: { type, ...more }, state });
  add(0, {
    kind: "header",
    v: JOURNAL_VERSION,
    chart: "f00d",
    dispatcher: "0.1.0",
    job_id: "7",
    job_name: "a <b>bold</b> job",
    device: "board-01",
    job_file: "job.yaml",
    device_file: "board-01.yaml",
    timeout: 600,
    tree: treeOf(pipeline.actions) as unknown as JsonMap[],
    suites: ["0_smoke"],
  });
  const download = "working.1_deploy.running.1-1_download.running.run";
  act(1, "1", "deploy", "start");
  act(1, "1.1", "download", "start");
  event(1, "0", "xstate.done.actor.validate:0", [download], { output: [] });
  const error = { class: "InfrastructureError", type: "Infrastructure", message: "404" };
  act(2, "1.1", "download", "failed", { error });
  event(2, "1.1", "xstate.error.actor.run:1.1", ["working.1_deploy.retrying"], { error });
  act(3, "1", "deploy", "retry", { attempt: 2, error });
  act(3, "1.1", "download", "start", { attempt: 2 });
  event(3, "1", "xstate.done.actor.pause:1", [download]);
  act(4, "1.1", "download", "done", { attempt: 2 });
  act(4, "1", "deploy", "done", { attempt: 2 });
  act(4, "2", "boot", "start");
  act(4, "2.1", "login", "start");
  event(4, "1.1", "xstate.done.actor.run:1.1", ["working.2_boot.running.2-1_login.running.run"], {
    output: { data: { downloads: { kernel: { size: 42 } } } },
  });
  add(5, {
    kind: "result",
    level: "2.1",
    attempt: 1,
    result: { definition: "0_smoke", case: "memory", result: "pass", measurement: 218, units: "MiB" },
    log_line: 3,
  });
  act(24, "2.1", "login", "failed", { error: ERROR });
  act(24, "2", "boot", "failed", { error: ERROR });
  act(24, "3", "finalize", "start");
  act(24, "3.1", "power-off", "start");
  event(24, "2.1", "deadline", ["finalizing.finalize.running.3-1_power-off.running.run"], { error: ERROR });
  act(25, "3.1", "power-off", "done");
  act(25, "3", "finalize", "done");
  event(25, "3.1", "xstate.done.actor.run:3.1", ["cleaning"], { output: {} });
  event(25.5, "0", "xstate.done.actor.cleanup:0", ["ended"]);
  add(26, { kind: "verdict", verdict: { result: "fail", error: ERROR, further: [] } });
  return records;
}

/** What the board says, with everything in it that a page must not take for its own. */
export const NASTY = `\x1b[31mred\x1b[0m <script>window.hacked = 1</script> <img src=x onerror="window.hacked = 2">\r\n\x1b]0;title\x07\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\\x1b[6n\r\n`;
export const CONSOLE: [number, string, string][] = [
  [4.5, "o", "U-Boot 2023.01\r\n"],
  [5, "i", "boot\n"],
  [6, "o", NASTY],
  [8, "o", "\x1b[2Kbooting ünïcode\r\nlast line"],
];
export const castText = (events = CONSOLE): string =>
  `${[{ version: 2, width: 80, height: 24, timestamp: START / 1000, title: "job 7", start_ms: START }, ...events]
    .map((line) => JSON.stringify(line))
    .join("\n")}\n`;

export function logText(): string {
  const line = logLineWriter();
  return [
    line(START, "info", "start: 0 validate"),
    line(START + 1000, "debug", 'start: 1 deploy (timeout "00:01:00")'),
    line(START + 6000, "target", "red <script>window.hacked = 3</script> ünïcode \x1b[0m"),
    line(START + 6100, "results", { definition: "0_smoke", case: "memory", result: "pass" }),
    line(START + 24_000, "error", "login timed out after 20 seconds"),
  ]
    .map((text) => `- ${text}\n`)
    .join("");
}

/** Writes an output directory; `chart: false`: as one that has only its journal. */
export function writeRun(
  directory: string,
  options: { records?: JsonMap[]; pipeline?: Pipeline; chart?: boolean; cast?: string; log?: string } = {},
): string {
  const { pipeline = smallPipeline(), chart = true } = options;
  const { records = journal(pipeline), cast = castText(), log = logText() } = options;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "journal.jsonl"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  writeFileSync(join(directory, "console.cast"), cast);
  writeFileSync(join(directory, "logs.yaml"), log);
  if (chart) {
    writeFileSync(join(directory, "chart.json"), JSON.stringify(compileChart(pipeline)));
    writeFileSync(join(directory, "explain.json"), JSON.stringify(explain(pipeline)));
  }
  return directory;
}

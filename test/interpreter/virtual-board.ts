/**
 * A whole job in virtual time: the real machines, pipeline, chart and console; the board is a script and the services
 * that would touch the world answer at once.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SteppingClock } from "../../src/base/clock.js";
import { InfrastructureError } from "../../src/base/errors.js";
import type { JsonMap } from "../../src/base/json.js";
import { parseYaml } from "../../src/definition/yaml-text.js";
import type { RunEvent, RunSink } from "../../src/interpreter/events.js";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import type { OutputBound } from "../../src/interpreter/output-bound.js";
import { runJob } from "../../src/interpreter/run-job.js";
import { buildPipeline } from "../../src/pipeline/build-pipeline.js";
import type { ServiceRegistry } from "../../src/services/types.js";
import { loadMachines } from "../../src/strategies/load-machines.js";
import { type Rule, ScriptedConnection } from "../connections/scripted-connection.js";
import { settle } from "../connections/virtual-time.js";

export const PROMPT = "root@board:/root# ";
export const JOB = `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 3 } }
visibility: public
actions:
- boot:
    method: u-boot
    timeout: { seconds: 60 }
    commands: [ "setenv autoload no", "booti 0x1 0x2 0x3" ]
    auto_login: { login_prompt: "board login:", username: root }
    prompts: [ "root@board:/root#" ]
- test:
    timeout: { seconds: 60 }
    definitions:
    - { from: inline, name: smoke, path: smoke.yaml, repository: { metadata: { format: "Lava-Test Test Definition 1.0", name: smoke }, run: { steps: [ "true" ] } } }
`;
export const DEVICE = `
constants:
  failure_retry: 1
  boot_retry:
  kernel-start-message: 'Linux version [0-9]'
  shutdown-message: 'going down'
  default-shell-prompt: 'lava-test: # '
  posix: { lava_test_sh_cmd: /bin/sh, lava_test_results_dir: /lava-%s, lava_test_shell_file: ~/.bashrc }
  u-boot: { interrupt-prompt: Hit any key to stop autoboot, interrupt-character: ' ', interrupt-newline: false, final-message: Starting kernel, dfu-download: 'DOWNLOAD \\.\\.\\. OK\\r\\nCtrl\\+C to exit', error-messages: [ 'Retry count exceeded', 'File not found' ] }
commands: { connect: telnet 127.0.0.1 1, hard_reset: board reset, power_off: board off }
parameters: {}
actions:
  deploy: { methods: { tftp: null } }
  boot: { connections: { serial: null }, methods: { u-boot: { parameters: { bootloader_prompt: '=> ', interrupt_prompt: Hit any key to stop autoboot } } } }
timeouts: { actions: {}, connections: {} }
`;

export const KERNEL = "[    0.000000] Linux version 6.1.0 (x)\r\n[    1.000000] Run /init as init process\r\n";
export const login = `${KERNEL}\r\nboard login: `;
export const SIGNALS = ["STARTRUN 0_smoke u", "TESTCASE TEST_CASE_ID=tc RESULT=pass", "ENDRUN 0_smoke u"];
export const runner = (signals = SIGNALS) =>
  `${signals.map((s) => `<LAVA_SIGNAL_${s}>\r\n`).join("")}<LAVA_TEST_RUNNER EXIT>\r\n${PROMPT}`;

/** A board that boots, logs in and runs its tests; a test replaces single rules. */
export const goodBoard: { [name: string]: Rule } = {
  setenv: { input: /^ ?setenv/, output: "=> " },
  boot: { input: /^booti/, output: ["Starting kernel ...\r\n", login], delay: 500 },
  login: { input: "root", output: PROMPT },
  comment: { input: "#", output: PROMPT },
  shell: { input: /^export SHELL/, output: PROMPT },
  environment: { input: /environment ;/, output: `<LAVA_SIGNAL_RETRUNCODE 0>\r\n${PROMPT}` },
  runner: { input: /lava-test-runner/, output: runner() },
  empty: { input: "", output: PROMPT },
};

export interface VirtualRun {
  job?: string;
  device?: string;
  rules?: { [name: string]: Rule };
  services?: ServiceRegistry;
  /** After which virtual ms the job is cancelled. */
  cancelAt?: number;
  /** ms after which the user is in a hurry. */
  hurryAt?: number;
  onReset?: (board: ScriptedConnection, count: number) => void;
  /** Beside the one that collects all for the test. */
  sinks?: RunSink[];
  outputs?: OutputBound;
  /** Settings of the dispatcher. */
  dispatcher?: JsonMap;
}

const OPENERS = new Set(["connect", "qemu-start", "container-console", "cloud-machine", "docker-shell"]);

let machines: ReturnType<typeof loadMachines> | undefined;
const builtIn = () => {
  const files = readdirSync("machines", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  machines ??= loadMachines(
    files
      .sort()
      .map((name) => join("machines", name))
      .map((file) => ({ file, text: readFileSync(file, "utf8") })),
  );
  return machines.machines;
};

export async function runVirtually({
  job = JOB,
  device = DEVICE,
  rules = {},
  services = {},
  cancelAt,
  hurryAt,
  onReset,
  sinks = [],
  outputs,
  dispatcher = {},
}: VirtualRun = {}) {
  const clock = new SteppingClock(Date.UTC(2026, 0, 1));
  const start = clock.now();
  const board = new ScriptedConnection({ clock, rules: Object.values({ ...goodBoard, ...rules }) });
  const power: string[] = [];
  let resets = 0;
  const world: ServiceRegistry = {
    connect: {
      name: "connect",
      run: async (_input, context) => {
        if (!context.console) context.setConsole(context.openConsole(board, "board"));
        return undefined;
      },
    },
    "run-commands": {
      name: "run-commands",
      run: async ({ commands }) => {
        for (const command of commands as string[]) {
          power.push(`${clock.now() - start} ${command}`);
          if (command === "board reset") {
            if (onReset) onReset(board, resets++);
            else {
              board.say("\r\nU-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 ", 300);
              board.say("\r\n=> ", 400); // the key was pressed
            }
          }
          if (command === "fail") throw new InfrastructureError("power switch broken", {});
        }
        return { extra: { status: "success" } };
      },
    },
    "bootloader-substitute": {
      name: "bootloader-substitute",
      run: async ({ commands }) => ({
        // What a deployment would have left.
        data: { bootloader: { commands: commands as string[] }, overlay: { results_dir: "/lava-7" } },
      }),
    },
    ...services,
  };
  const registry = new Proxy(world, {
    get: (known, name: string) => {
      const service = known[name] ?? { name, run: async () => ({}) };
      // What opens a console does so here as well.
      return OPENERS.has(name) ? { ...service, opensConsole: true } : service;
    },
  });
  const events: RunEvent[] = [];
  const jobYaml = parseYaml(job, "job.yaml");
  const deviceYaml = parseYaml(device, "device.yaml");
  const pipeline = buildPipeline({ job: jobYaml, device: deviceYaml, machines: builtIn(), dispatcher, jobId: "7" });
  const run = runJob({
    pipeline,
    jobId: "7",
    jobName: "virtual",
    jobFile: "job.yaml",
    deviceFile: "device.yaml",
    deviceName: "board",
    paths: { output: "/nowhere", work: "/nowhere", tftpRoot: "/nowhere", jobDir: "/nowhere", deviceDir: "/nowhere" },
    clock,
    env: {},
    services: registry,
    sinks: [{ write: (event) => void events.push(event), close: async () => {} }, ...sinks],
    version: "0",
    ...(outputs && { outputs }),
  });
  if (cancelAt !== undefined) clock.setTimeout(() => run.cancel("stop"), cancelAt);
  if (hurryAt !== undefined) clock.setTimeout(() => run.hurry(), hurryAt);
  let verdict: Awaited<typeof run.result> | undefined;
  void run.result.then((value) => {
    verdict = value;
  });
  for (let i = 0; i < 100_000 && !verdict; i++) {
    await settle();
    const next = clock.next();
    if (!verdict && next !== undefined) clock.advanceTo(next);
  }
  if (!verdict) throw new Error("the job did not end");
  const journal = events.flatMap((event) => (event.type === "journal" ? [event.record] : []));
  const results = journal.flatMap((record) => (record.kind === "result" ? [record.result] : []));
  return {
    verdict,
    journal: journal as JournalRecord[],
    results: results as JsonMap[],
    log: events.flatMap((event) => (event.type === "log" ? [event] : [])),
    power,
    board,
    pipeline,
    ms: clock.now() - start,
  };
}

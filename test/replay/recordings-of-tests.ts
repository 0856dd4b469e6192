/** Small recordings for tests: a board with U-Boot that boots and logs in. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { jobOf, loadReplay, type ReplayInputOptions, replayLoaded } from "../../src/cli/execute-replay-inputs.js";
import type { RunEvent } from "../../src/interpreter/events.js";
import { recordingsBelow } from "../../src/replay/recording-folders.js";
import { type ReplayOptions, type ReplayResult, runReplay } from "../../src/replay/run-replay.js";
import { services } from "../../src/services/index.js";
import { DEVICE } from "../interpreter/virtual-board.js";

export const RECORDINGS = "test/recordings";
export const recordings = (): string[] => recordingsBelow(RECORDINGS);

export const JOB = `
device_type: board
job_name: small
timeouts: { job: { minutes: 10 }, action: { minutes: 3 } }
visibility: public
priority: medium
actions:
- boot:
    method: u-boot
    timeout: { seconds: 60 }
    commands: [ "setenv autoload no", "booti 0x1 0x2 0x3" ]
    auto_login: { login_prompt: "board login:", username: root }
    prompts: [ "root@board:/root#" ]
`;

/** ms since the job began, level, message. */
export type LogEntry = [t: number, level: string, message: unknown];

export const BOOT: LogEntry[] = [
  [0, "info", "start: 1 uboot-action (timeout 00:01:00) [common]"],
  [5, "debug", "start: 1.4.1.1 pdu-reboot (timeout 00:01:00) [common]"],
  [100, "debug", "end: 1.4.1.1 pdu-reboot (duration 00:00:00) [common]"],
  [300, "target", "U-Boot 2023.01 (Jan 01)"],
  [400, "target", "Hit any key to stop autoboot:  2 "],
  [450, "input", " setenv autoload no"],
  [460, "target", "=> setenv autoload no"],
  [500, "input", "booti 0x1 0x2 0x3"],
  [510, "target", "=> booti 0x1 0x2 0x3"],
  [600, "target", "Starting kernel ..."],
  [900, "target", "[    0.000000] Linux version 6.1.0 (x)"],
  [1000, "target", "[    1.000000] Run /init as init process"],
  [1500, "input", "root"],
  [1510, "target", "board login: root"],
  [1600, "input", ""],
  [1610, "target", "root@board:/root# [6n"],
];
export const VERDICT: LogEntry = [3000, "results", { definition: "lava", case: "job", result: "pass" }];

const START = Date.UTC(2026, 0, 1);

/** A LAVA log as a server serves it. */
export const lavaLog = (entries: LogEntry[]): string =>
  entries
    .map(
      ([t, lvl, msg]) =>
        `- ${JSON.stringify({ dt: new Date(START + t).toISOString().replace("Z", "000+00:00"), lvl, msg })
          .replaceAll('":', '": ')
          .replaceAll(',"', ', "')}\n`,
    )
    .join("");

/** An asciicast of the same. */
export const cast = (events: [seconds: number, kind: "i" | "o", text: string][]): string =>
  [{ version: 2, width: 80, height: 24, timestamp: START / 1000 }, ...events]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files, and with the small job and its device unless others are given. */
export function folderOf(files: { [name: string]: string | Uint8Array }): string {
  const folder = mkdtempSync(join(tmpdir(), "replay-test-"));
  made.push(folder);
  for (const [name, text] of Object.entries({ "job.yaml": JOB, "device.yaml": DEVICE, ...files })) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export const cwd = process.cwd();

/** Loads and replays. */
export async function replayed(name: string, options: Partial<ReplayOptions> & { inputs?: ReplayInputOptions } = {}) {
  const { inputs = {}, ...others } = options;
  const loaded = await loadReplay(name, inputs, { cwd });
  return replayLoaded(
    loaded,
    { version: "test", clock: { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} } },
    others,
  );
}

/** A replay, and everything that it tells, also as text. */
export async function toldBy(name: string): Promise<{ result: ReplayResult; events: RunEvent[]; text: string }> {
  const { recording, inputs } = await loadReplay(name, {}, { cwd });
  const events: RunEvent[] = [];
  const result = await runReplay({
    recording,
    job: jobOf(inputs, "test"),
    services,
    realTime: () => 0,
    sinks: [{ write: (event) => void events.push(event), close: async () => {} }],
  });
  const text = events.map((event) => JSON.stringify(event)).join("\n");
  return { result, events, text };
}

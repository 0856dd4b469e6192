/** Recordings replayed: how many a second, and how much faster than the boards were. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { RealClock } from "../src/base/clock.js";
import { loadReplay, replayLoaded } from "../src/cli/execute-replay-inputs.js";
import { recordingsBelow } from "../src/replay/recording-folders.js";
import { writeLongRecording } from "./long-recording.js";

const clock = new RealClock();

async function replayOnce(folder: string): Promise<{ virtual: number; real: number; status: string }> {
  const began = performance.now();
  const loaded = await loadReplay(folder, {}, { cwd: process.cwd() });
  const { virtual, status } = await replayLoaded(loaded, { version: "bench", clock }, {});
  return { virtual, real: performance.now() - began, status };
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** The command, from its start to its end, on a job of 40 minutes: ms of each round. */
function commandTimes(recording: string, rounds: number): number[] {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now();
    const { status, stderr } = spawnSync("dist/lava-dispatch.js", ["replay", recording]);
    if (status !== 0) throw new Error(`${recording} does not replay: ${stderr}`);
    // The first one fills the caches of the machine.
    if (round > 0) times.push(performance.now() - began);
  }
  return times;
}

/** Replays everything below `folder`, `rounds` times over after one that warms up; then the long one. */
export async function measure({ folder = "test/recordings", work = ".cache/bench", rounds = 3 } = {}) {
  const folders = recordingsBelow(folder);
  for (const each of folders) await replayOnce(each);
  const rows = [];
  let virtual = 0;
  let real = 0;
  for (const each of folders) {
    const runs = [];
    for (let round = 0; round < rounds; round++) runs.push(await replayOnce(each));
    const ms = median(runs.map((run) => run.real));
    const board = runs[0]?.virtual ?? 0;
    virtual += board;
    real += ms;
    rows.push({ recording: each, "board s": board / 1000, "replay ms": ms, ratio: board / ms });
  }
  const rate = folders.length / (real / 1000);
  const long = writeLongRecording(join(work, "long-recording"));
  const command = median(commandTimes(long.folder, rounds));
  return {
    rows,
    goals: [
      { text: "recordings replayed", value: `${rate.toFixed(1)} a second` },
      { text: "virtual to real time", value: `${(virtual / real).toFixed(0)} x` },
      {
        text: `a job of 40 minutes (${long.lines} lines), replayed by the command`,
        value: `${command.toFixed(0)} ms`,
        limit: "under 1000 ms",
        met: command < 1000,
      },
    ],
  };
}

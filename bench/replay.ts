/** Recordings replayed: how many a second, and how much faster than the boards were. */
import { RealClock } from "../src/base/clock.js";
import { loadReplay, replayLoaded } from "../src/cli/execute-replay-inputs.js";
import { recordingsBelow } from "../src/replay/recording-folders.js";

const clock = new RealClock();

async function replayOnce(folder: string): Promise<{ virtual: number; real: number; status: string }> {
  const began = performance.now();
  const loaded = await loadReplay(folder, {}, { cwd: process.cwd() });
  const { virtual, status } = await replayLoaded(loaded, { version: "bench", clock }, {});
  return { virtual, real: performance.now() - began, status };
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** Replays everything below `folder`, `rounds` times over after one that warms up. */
export async function measure({ folder = "test/recordings", rounds = 3 } = {}) {
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
  return {
    rows,
    goals: [
      { text: "recordings replayed", value: `${rate.toFixed(1)} a second` },
      { text: "virtual to real time", value: `${(virtual / real).toFixed(0)} x` },
    ],
  };
}

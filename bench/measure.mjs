/** Processes timed from outside. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Runs a program to its end.
 * @returns {Promise<{began: number, ended: number, seconds: number, peak: number, code: number | null, output: string}>}
 *   times in seconds since the epoch, peak resident memory of the process itself in MiB
 */
export function timeProcess(words, options = {}) {
  return new Promise((resolve, reject) => {
    const began = (performance.timeOrigin + performance.now()) / 1000;
    const child = spawn(words[0], words.slice(1), { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    let peak = 0;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    const sample = setInterval(() => {
      try {
        // A high-water mark: only the last sample matters.
        peak = Math.max(
          peak,
          Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
        );
      } catch {
        // It has just ended.
      }
    }, 10);
    child.on("error", reject);
    child.on("exit", (code) => {
      const ended = (performance.timeOrigin + performance.now()) / 1000;
      clearInterval(sample);
      resolve({ began, ended, seconds: ended - began, peak, code, output });
    });
  });
}

/** Several programs run in turn, so that a busy moment hits all of them alike. A run without a result does not count. */
export async function inTurn(rounds, programs) {
  const taken = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(programs)) {
      const result = await run();
      if (round >= 0 && result !== undefined) taken[name].push(result); // the first round only warms the caches
    }
  }
  return taken;
}

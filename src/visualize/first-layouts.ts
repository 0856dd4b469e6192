/** Lays out what pages show first, in a thread: who serves them goes on meanwhile. */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Chart } from "../statechart/chart-types.js";
import type { ElkNode } from "./elk-layout.js";
import { fingerprint, firstQuestion, type MadeLayout } from "./made-layout.js";

const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const Elk = require(workerData.elk);
new Elk().layout(workerData.question).then((answer) => parentPort.postMessage(answer));
`;

/** Rejects when ELK fails. */
function layoutInThread(question: ElkNode): Promise<ElkNode> {
  const elk = createRequire(import.meta.url).resolve("elkjs/lib/elk.bundled.js");
  const thread = new Worker(THREAD, { eval: true, workerData: { elk, question } });
  // Nobody waits for a picture when the program ends.
  thread.unref();
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", () => reject(new Error("The layout's thread ended.")));
  });
}

/** The first layout of each chart, made once. */
export class FirstLayouts {
  readonly #made = new WeakMap<Chart, Promise<MadeLayout | undefined>>();

  /** Undefined where it cannot be made: the page makes it then. */
  of(chart: Chart): Promise<MadeLayout | undefined> {
    const known = this.#made.get(chart);
    if (known) return known;
    const made = this.#make(chart).catch(() => undefined);
    this.#made.set(chart, made);
    return made;
  }

  async #make(chart: Chart): Promise<MadeLayout> {
    const question = firstQuestion(chart);
    return { of: fingerprint(question), elk: await layoutInThread(question) };
  }
}

/**
 * Layout in a worker: the page stays alive while it is done. What the page shows first comes laid out, so that the worker
 * is started only when something else is asked for, or when there is nothing else to do.
 */
import { type ElkNode, elkGraph, type Layout, layoutOf } from "../../src/visualize/elk-layout.js";
import { fingerprint, type MadeLayout } from "../../src/visualize/made-layout.js";
import type { VisibleGraph } from "../../src/visualize/visible-graph.js";

interface Answer {
  id: number;
  data?: ElkNode;
  error?: { message?: string };
}

export class LayoutClient {
  readonly #start: () => Promise<Worker>;
  readonly #made: Promise<MadeLayout | undefined>;
  readonly #waiting = new Map<number, { resolve: (elk: ElkNode) => void; reject: (error: Error) => void }>();
  #worker: Promise<Worker> | undefined;
  #next = 1;

  constructor(start: () => Promise<Worker>, made: Promise<MadeLayout | undefined>) {
    this.#start = start;
    this.#made = made;
  }

  async layout(graph: VisibleGraph): Promise<Layout> {
    const question = elkGraph(graph);
    const made = await this.#made;
    return layoutOf(made?.of === fingerprint(question) ? made.elk : await this.#ask(question));
  }

  /** Starts the worker and has it lay out what was made already: what it compiles for that is ready when it is needed. */
  async warmUp(): Promise<void> {
    if (this.#worker) return;
    const made = await this.#made;
    if (made) await this.#ask(made.elk);
  }

  async #ask(question: ElkNode): Promise<ElkNode> {
    this.#worker ??= this.#begin();
    const worker = await this.#worker;
    const id = this.#next++;
    const answer = new Promise<ElkNode>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    worker.postMessage({ id, cmd: "layout", graph: question, layoutOptions: {}, options: {} });
    return answer;
  }

  async #begin(): Promise<Worker> {
    const worker = await this.#start();
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error) waiting?.reject(new Error(data.error.message ?? "The layout failed."));
      else if (data.data) waiting?.resolve(data.data);
    };
    worker.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
    return worker;
  }
}

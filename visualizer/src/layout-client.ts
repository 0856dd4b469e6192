/** Layout in a worker: the page stays alive while it is done. Of several requests only the last one counts. */
import { type ElkNode, elkGraph, type Layout, layoutOf } from "../../src/visualize/elk-layout.js";
import type { VisibleGraph } from "../../src/visualize/visible-graph.js";

interface Answer {
  id: number;
  data?: ElkNode;
  error?: { message?: string };
}

export class LayoutClient {
  readonly #worker: Promise<Worker>;
  readonly #waiting = new Map<number, { resolve: (elk: ElkNode) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor(worker: Promise<Worker>) {
    this.#worker = worker.then((started) => {
      started.onmessage = ({ data }: MessageEvent<Answer>) => {
        const waiting = this.#waiting.get(data.id);
        this.#waiting.delete(data.id);
        if (data.error) waiting?.reject(new Error(data.error.message ?? "The layout failed."));
        else if (data.data) waiting?.resolve(data.data);
      };
      started.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
      return started;
    });
  }

  async layout(graph: VisibleGraph): Promise<Layout> {
    const worker = await this.#worker;
    const id = this.#next++;
    const answer = new Promise<ElkNode>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    worker.postMessage({ id, cmd: "layout", graph: elkGraph(graph), layoutOptions: {}, options: {} });
    return layoutOf(await answer);
  }
}

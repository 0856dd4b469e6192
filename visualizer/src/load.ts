/** Where the page's data come from: the server that handed it out, or the file that it is. */
import type { MadeLayout } from "../../src/visualize/made-layout.js";
import {
  type EmbeddedFiles,
  STREAMS,
  type StreamName,
  type StreamPiece,
  type ViewData,
} from "../../src/visualize/view-data.js";

export interface Source {
  view: ViewData;
  /** Tells what there is of the run, and what comes; `onState` what the connection is like. */
  stream(onPiece: (piece: StreamPiece) => void, onState: (state: StreamState) => void): void;
  /** What the page shows first, laid out, where that was done before. */
  layout: Promise<MadeLayout | undefined>;
  /** Starts a layout worker. */
  worker(): Promise<Worker>;
}
/** `stale`: nobody seems to write any more. */
export type StreamState = "loading" | "live" | "stale" | "ended" | "lost";

const embedded = (name: string) => document.getElementById(`embedded-${name}`)?.textContent ?? undefined;

async function unpack(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

export async function openSource(): Promise<Source> {
  const own = embedded("view");
  return own === undefined ? fromServer() : fromFile(own);
}

declare global {
  interface Window {
    /** What public/boot.js has begun. */
    lavaDispatch: { view: Promise<Response>; layout: Promise<Response> };
  }
}

async function fromServer(): Promise<Source> {
  const { view, layout } = window.lavaDispatch;
  const reply = await view;
  if (!reply.ok) throw new Error(`The server answers ${reply.status}.`);
  return {
    view: await reply.json(),
    layout: layout.then(async (made) => (made.ok ? await made.json() : undefined)).catch(() => undefined),
    worker: async () => new Worker("elk-worker.js"),
    stream(onPiece, onState) {
      const events = new EventSource("stream");
      let caughtUp = false;
      let stale = false;
      events.addEventListener("piece", ({ data }) => {
        onPiece(JSON.parse(data));
        if (stale) onState("live");
        stale = false;
      });
      events.addEventListener("stale", () => {
        stale = true;
        onState("stale");
      });
      events.addEventListener("caught-up", () => {
        caughtUp = true;
        onState("live");
      });
      events.addEventListener("end", () => {
        events.close();
        onState("ended");
      });
      // The browser connects again by itself, and goes on where it was.
      events.addEventListener("error", () => onState("lost"));
      events.addEventListener("open", () => onState(caughtUp ? "live" : "loading"));
    },
  };
}

async function fromFile(own: string): Promise<Source> {
  const files: EmbeddedFiles = {};
  for (const name of Object.keys(STREAMS) as StreamName[]) {
    const text = embedded(name);
    if (text !== undefined) files[name] = await unpack(text);
  }
  return {
    view: JSON.parse(await unpack(own)),
    layout: unpack(embedded("layout") ?? "")
      .then(JSON.parse)
      .catch(() => undefined),
    worker: async () => {
      const code = await unpack(embedded("worker") ?? "");
      return new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    },
    stream(onPiece, onState) {
      for (const [stream, text] of Object.entries(files))
        onPiece({ stream: stream as StreamName, lines: text.split("\n") });
      onState("ended");
    },
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, openSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createMachine } from "xstate";
import type { JsonMap } from "../../src/base/json.js";
import { FirstLayouts } from "../../src/visualize/first-layouts.js";
import type { InspectEvent } from "../../src/visualize/inspect-events.js";
import { fingerprint, firstQuestion } from "../../src/visualize/made-layout.js";
import { NotARun, readRun } from "../../src/visualize/read-run.js";
import { serveView, type ViewServer } from "../../src/visualize/server.js";
import { embeddedFiles, singleFile } from "../../src/visualize/single-file.js";
import type { ViewData } from "../../src/visualize/view-data.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { castText, journal, NASTY, smallPipeline, writeRun } from "./runs.js";

const folder = makeWorkspace();
let server: ViewServer | undefined;
let runs = 0;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => removeWorkspace(folder));

const page = new Map(
  Object.entries({
    "/index.html": "<p>",
    "/visualizer.js": "js('</script><!--')",
    "/visualizer.css": "css{}",
    "/elk-worker.js": "worker()",
  }).map(([path, text]) => [path, { type: "text/html", content: Buffer.from(text) }]),
);
function viewOf(directory: string): ViewData {
  const run = readRun(directory);
  if (!run) throw new Error("no run");
  return {
    version: 1,
    title: "</script><script>",
    chart: run.chart,
    whole: run.whole,
    sources: {},
    problems: [],
    run: "recorded",
  };
}
async function serve(directory?: string, view?: ViewData): Promise<ViewServer> {
  const shown = view ?? viewOf(directory ?? "");
  server = await serveView({ files: page, view: () => shown, ...(directory && { directory }) });
  return server;
}
const place = () => join(folder, `run-${++runs}`);

/** A request with exactly these headers. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers, setHost: headers.host === undefined },
      (reply) => {
        let body = "";
        reply.setEncoding("utf8").on("data", (text) => {
          body += text;
        });
        reply.on("end", () => resolve({ status: reply.statusCode ?? 0, body }));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}
type Piece = { event: string; id: string; data: { stream?: string; lines?: string[]; skipped?: number } };
const eventsOf = (text: string): Piece[] =>
  text
    .split("\n\n")
    .filter(Boolean)
    .map((block) =>
      Object.fromEntries(
        block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      ),
    )
    .map(({ event = "", id = "", data = "{}" }) => ({ event, id, data: JSON.parse(data) }));
const linesOf = (pieces: Piece[], stream: string) =>
  pieces.flatMap(({ data }) => (data.stream === stream ? (data.lines ?? []) : []));

describe("who is answered", () => {
  test("its own name and page only", async () => {
    const { port, url } = await serve(writeRun(place()));
    expect(url).toBe(`http://127.0.0.1:${port}/`);
    expect((await ask(port, "/")).status).toBe(200);
    expect((await ask(port, "/", { host: `localhost:${port}` })).status).toBe(200);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port + 1}`,
      `0.0.0.0:${port}`,
    ])
      expect((await ask(port, "/view.json", { host })).status).toBe(421);
    for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`])
      expect((await ask(port, "/view.json", { origin })).status).toBe(403);
    expect((await ask(port, "/view.json", { origin: `http://127.0.0.1:${port}` })).status).toBe(200);
    expect(
      (await ask(port, "/view.json", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).status,
    ).toBe(403);
  });
  test("nothing but the page and this job, and nothing can be sent", async () => {
    const directory = writeRun(place());
    writeFileSync(join(directory, "secret.txt"), "secret");
    const { port } = await serve(directory);
    for (const path of [
      "/secret.txt",
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/journal.jsonl",
      "//etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/visualizer.js/",
      "/constructor",
    ])
      expect(await ask(port, path)).toMatchObject({ status: 404, body: "There is nothing here." });
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      expect((await ask(port, "/", {}, method)).status).toBe(405);
  });
  test("what a page shows first, laid out, where that is known", async () => {
    const directory = writeRun(place());
    const { port } = await serve(directory);
    expect(await ask(port, "/layout.json")).toEqual({ status: 200, body: "null" });
    await server?.close();
    const view = viewOf(directory);
    const layouts = new FirstLayouts();
    server = await serveView({ files: page, view: () => view, layout: () => layouts.of(view.chart) });
    const made = JSON.parse((await ask(server.port, "/layout.json")).body);
    expect(made.of).toBe(fingerprint(firstQuestion(view.chart)));
  });
  test("the run's report, once it is there, as a page without scripts", async () => {
    const directory = writeRun(place());
    const { port } = await serve(directory);
    expect(await ask(port, "/report.html")).toMatchObject({
      status: 404,
      body: expect.stringContaining("report.html"),
    });
    writeFileSync(join(directory, "report.html"), "<p>all of it");
    expect(await ask(port, "/report.html")).toEqual({ status: 200, body: "<p>all of it" });
    const reply = await fetch(`http://127.0.0.1:${port}/report.html`);
    expect(reply.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'unsafe-inline'/);
    expect((await ask(port, "/report.html", { host: "evil.example" })).status).toBe(421);
  });
  test("loopback only", async () => {
    const { port } = await serve(writeRun(place()));
    const listening = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .filter((line) => line.includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`));
    expect(listening.map((line) => line.trim().split(/\s+/)[1]?.split(":")[0])).toEqual(["0100007F"]);
  });
});

describe("stream", () => {
  test("a run that has ended comes whole, and ends", async () => {
    const { port } = await serve(writeRun(place()));
    const pieces = eventsOf((await ask(port, "/stream")).body);
    expect(linesOf(pieces, "journal").map((line) => JSON.parse(line))).toEqual(journal());
    expect(`${linesOf(pieces, "console").join("\n")}\n`).toBe(castText());
    expect(linesOf(pieces, "log")).toHaveLength(5);
    expect(pieces.map(({ event }) => event).slice(-2)).toEqual(["caught-up", "end"]);
  });
  test("a reader that comes back goes on where it was", async () => {
    const { port } = await serve(writeRun(place()));
    const pieces = eventsOf((await ask(port, "/stream")).body);
    const again = eventsOf((await ask(port, "/stream", { "last-event-id": pieces[0]?.id ?? "" })).body);
    expect(linesOf(again, "journal")).toEqual([]);
    expect(linesOf(again, "console")).toEqual(linesOf(pieces, "console"));
    const odd = eventsOf((await ask(port, "/stream", { "last-event-id": "1-2-x" })).body);
    expect(linesOf(odd, "journal")).toHaveLength(journal().length);
  });
  test("several viewers follow a run that goes on; a line counts when it is whole", async () => {
    const records = journal();
    const directory = writeRun(place(), { records: records.slice(0, 5) });
    const { port } = await serve(directory);
    const viewers = [ask(port, "/stream"), ask(port, "/stream")];
    await new Promise((done) => setTimeout(done, 150));
    const rest = records
      .slice(5)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join("");
    const path = join(directory, "journal.jsonl");
    appendFileSync(path, rest.slice(0, 100));
    await new Promise((done) => setTimeout(done, 250));
    appendFileSync(path, rest.slice(100));
    for (const viewer of viewers) {
      const pieces = eventsOf((await viewer).body);
      expect(linesOf(pieces, "journal").map((line) => JSON.parse(line))).toEqual(records);
      expect(pieces.findIndex(({ event }) => event === "caught-up")).toBeLessThan(pieces.length - 2);
    }
  });
  test("a run that was broken off is told to be so; one that somebody writes, or that has just written, is not", async () => {
    const begun = { records: journal().slice(0, 5) };
    const age = (directory: string) => {
      const old = Date.now() / 1000 - 120;
      for (const name of ["journal.jsonl", "console.cast", "logs.yaml"]) utimesSync(join(directory, name), old, old);
      return directory;
    };
    const told = async (directory: string) => {
      const { port } = await serve(directory);
      const sent = request({ host: "127.0.0.1", port, path: "/stream" });
      sent.on("error", () => {});
      sent.end();
      const [reply] = await once(sent, "response");
      let text = "";
      reply.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      for (let i = 0; i < 60 && !text.includes("event: stale"); i++) await new Promise((done) => setTimeout(done, 50));
      sent.destroy();
      await server?.close();
      return eventsOf(`${text.slice(0, text.lastIndexOf("\n\n"))}\n\n`).map(({ event }) => event);
    };
    const open = (directory: string, mode: string) =>
      spawn("sleep", ["30"], { stdio: [openSync(join(directory, "journal.jsonl"), mode), "ignore", "ignore"] });
    const left = age(writeRun(place(), begun));
    const reader = open(left, "r");
    expect(await told(left)).toContain("stale");
    reader.kill();
    expect(await told(writeRun(place(), begun))).not.toContain("stale");
    const written = age(writeRun(place(), begun));
    const writer = open(written, "a");
    expect(await told(written)).not.toContain("stale");
    writer.kill();
  });
  test("a viewer that goes away leaves nothing behind", async () => {
    const { port } = await serve(writeRun(place(), { records: journal().slice(0, 5) }));
    const sent = request({ host: "127.0.0.1", port, path: "/stream" });
    sent.on("error", () => {});
    sent.end();
    const [reply] = await once(sent, "response");
    await once(reply, "data");
    sent.destroy();
    await server?.close();
    server = undefined;
  });
  test("of a file too large to show the end is sent, its first line with it", async () => {
    const directory = place();
    const line = `[1, "o", ${JSON.stringify("x".repeat(1000))}]\n`;
    writeRun(directory, { cast: `${castText([])}${line.repeat(70_000)}[9, "o", "end"]\n` });
    const { port } = await serve(directory);
    const pieces = eventsOf((await ask(port, "/stream")).body);
    const console = linesOf(pieces, "console");
    expect(console[0]).toContain('"version":2');
    expect(console.at(-1)).toBe('[9, "o", "end"]');
    expect(console.length).toBeLessThan(70_000);
    expect(console.slice(1, -1).every((text) => `${text}\n` === line)).toBe(true);
    expect(pieces.find(({ data }) => data.skipped)?.data).toMatchObject({
      stream: "console",
      skipped: expect.any(Number),
    });
  });
  test("without a run it ends at once", async () => {
    const view = viewOf(writeRun(place()));
    const { port } = await serve(undefined, { ...view, run: "none" });
    expect(eventsOf((await ask(port, "/stream")).body).map(({ event }) => event)).toEqual(["end"]);
  });
});

describe("the inspector's protocol", () => {
  test("over HTTP: one actor, then an event and a snapshot for each event", async () => {
    const { port } = await serve(writeRun(place()));
    const events: InspectEvent[] = (await ask(port, "/inspect")).body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const [actor] = events;
    if (actor?.type !== "@xstate.actor") throw new Error("the first event announces no actor");
    expect(createMachine(JSON.parse(actor.definition)).id).toBe("job");
    expect(actor.snapshot).toMatchObject({ status: "active", value: { working: "validating" } });
    const kinds = events.map(({ type }) => type);
    const count = journal().filter(({ kind }) => kind === "event").length;
    expect(kinds.filter((kind) => kind === "@xstate.event")).toHaveLength(count);
    expect(kinds.filter((kind) => kind === "@xstate.snapshot")).toHaveLength(count + 1);
    for (const event of events)
      expect(event).toMatchObject({
        sessionId: "job",
        rootId: "job",
        createdAt: expect.stringMatching(/^\d{13}$/),
        _version: expect.any(String),
      });
    const snapshots = events.flatMap((event) => (event.type === "@xstate.snapshot" ? [event.snapshot] : []));
    expect(snapshots[0]?.value).toEqual({
      working: { "1_deploy": { running: { "1-1_download": { running: "run" } } } },
    });
    expect(snapshots.at(-1)).toMatchObject({ status: "done", value: "ended" });
    const machine = createMachine(JSON.parse(actor.definition));
    for (const { value } of snapshots) expect(() => machine.resolveState({ value: value as never })).not.toThrow();
  });
  test("over WebSocket: the same, to those who may ask", async () => {
    const { port } = await serve(writeRun(place()));
    const http = (await ask(port, "/inspect")).body.trimEnd().split("\n");
    expect((await readSocket(port, {})).texts).toEqual(http);
    for (const headers of [{ Origin: "http://evil.example" }, { Host: "evil.example" }])
      expect((await readSocket(port, headers)).head).toMatch(/^HTTP\/1\.1 4(03|21) /);
    expect((await readSocket(port, { "Sec-WebSocket-Version": "8" })).head).toMatch(/^HTTP\/1\.1 426 /);
    expect((await readSocket(port, {}, "/other")).head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

test.each([
  ["that does not read", "/inspect"],
  ["that was refused and does not hang up", "/other"],
])("the server ends with a WebSocket client %s", async (_, path) => {
  const directory = writeRun(place());
  const journal = join(directory, "journal.jsonl");
  const [header = "", ...records] = readFileSync(journal, "utf8").split("\n");
  const event = records.find((line) => line.includes('"kind":"event"')) ?? "";
  // More than the sockets of both sides hold.
  writeFileSync(journal, [header, ...Array.from({ length: 20_000 }, () => event), ""].join("\n"));
  const { port } = await serve(directory);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const lines = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  socket.write(
    [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...lines, "Sec-WebSocket-Version: 13", "", ""].join("\r\n"),
  );
  await once(socket, "readable");
  socket.on("error", () => {});
  await server?.close();
  server = undefined;
  socket.destroy();
});

/** What a WebSocket brings until it is closed. */
function readSocket(
  port: number,
  headers: Record<string, string>,
  path = "/inspect",
): Promise<{ head: string; texts: string[] }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const all = {
      Host: `127.0.0.1:${port}`,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    };
    socket.write(
      `GET ${path} HTTP/1.1\r\n${Object.entries(all)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => socket.write(Buffer.from([0x88, 0x80, 1, 2, 3, 4])), 1500);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      const end = bytes.indexOf("\r\n\r\n") + 4;
      const texts: string[] = [];
      for (let at = end; at + 2 <= bytes.length; ) {
        const short = bytes[at + 1] as number;
        const [size, start] =
          short < 126
            ? [short, at + 2]
            : short === 126
              ? [bytes.readUInt16BE(at + 2), at + 4]
              : [Number(bytes.readBigUInt64BE(at + 2)), at + 10];
        if (bytes[at] === 0x81) texts.push(bytes.subarray(start, start + size).toString("utf8"));
        at = start + size;
      }
      const head = bytes.subarray(0, end).toString("latin1");
      if (head.startsWith("HTTP/1.1 101")) expect(head).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      resolve({ head, texts });
    });
  });
}

describe("output directories", () => {
  test("read again, a chart that is whole stays the same one; the run's end is seen, and another run", () => {
    const directory = writeRun(place(), { records: journal().slice(0, 6) });
    const first = readRun(directory);
    expect(readRun(directory, first)?.chart).toBe(first?.chart);
    writeRun(directory);
    expect(readRun(directory, first)).toEqual({ ...first, ended: true });
    writeRun(directory, { records: [{ ...(journal()[0] as JsonMap), job_id: "another" }] });
    const other = readRun(directory, first);
    expect(other?.header.job_id).toBe("another");
    expect(other?.chart).not.toBe(first?.chart);
  });
  test("with a chart of their own, of another job, and without one", () => {
    const whole = readRun(writeRun(place()));
    expect([whole?.whole, whole?.ended, whole?.explanation?.actions.length]).toEqual([true, true, 3]);
    const other = writeRun(place());
    writeFileSync(
      join(other, "chart.json"),
      JSON.stringify({ id: "job", states: { other: { meta: { level: "1", name: "other" } } } }),
    );
    expect(readRun(other)?.whole).toBe(false);
    const bare = readRun(writeRun(place(), { chart: false }));
    expect(bare?.whole).toBe(false);
    expect(Object.keys(bare?.chart.states?.working?.states ?? {})).toEqual([
      "validating",
      "1_deploy",
      "2_boot",
      "finished",
    ]);
    expect(() => createMachine(bare?.chart as never)).not.toThrow();
    expect(smallPipeline().actions).toHaveLength(3);
  });
  test("not yet begun, cut off, of another version, or no journal at all", () => {
    const empty = place();
    mkdirSync(empty);
    expect(readRun(empty)).toBeUndefined();
    writeFileSync(join(empty, "journal.jsonl"), '{"kind":"head');
    expect(readRun(empty)).toBeUndefined();
    expect(readRun(writeRun(place(), { records: journal().slice(0, 6) }))?.ended).toBe(false);
    const bad = (text: string | Buffer) => {
      const directory = place();
      mkdirSync(directory);
      writeFileSync(join(directory, "journal.jsonl"), text);
      return () => readRun(directory);
    };
    expect(bad(`${JSON.stringify({ ...journal()[0], v: 9 })}\n`)).toThrow(
      "The journal's version is 9, this program reads 1.",
    );
    expect(bad(`${JSON.stringify(journal()[3])}\n`)).toThrow(NotARun);
    expect(bad("- {dt: 1}\n")).toThrow(NotARun);
    expect(bad(Buffer.alloc(20 << 20, 0x61))).toThrow("its first line is too long");
  });
});

test("one file: everything is in it, packed, and nothing of the run can be taken for a part of the page", async () => {
  const directory = writeRun(place());
  const html = singleFile(page, viewOf(directory), await embeddedFiles(directory));
  const block = (name: string) =>
    gunzipSync(Buffer.from(new RegExp(`id="embedded-${name}">([^<]*)<`).exec(html)?.[1] ?? "", "base64")).toString(
      "utf8",
    );
  expect(`${block("console")}\n`).toBe(castText());
  expect(block("journal").split("\n")).toHaveLength(journal().length);
  expect(JSON.parse(block("view")).title).toBe("</script><script>");
  expect(html).not.toContain(NASTY.slice(10, 40));
  expect(html.match(/<script/g)).toHaveLength(6);
  expect(html.match(/<\/script>/g)).toHaveLength(6);
  expect(html).toContain("<title>&lt;/script&gt;&lt;script&gt;</title>");
  expect(html).toContain("js('<\\/script><\\!--')");
  expect(html).not.toMatch(/(src|href)=/);
  const made = { of: "1", elk: { id: "job" } };
  const laidOut = singleFile(page, viewOf(directory), {}, made);
  expect(laidOut).toContain('id="embedded-layout"');
  expect(html).not.toContain('id="embedded-layout"');
});

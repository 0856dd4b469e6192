import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { LogUpload } from "../../src/results/log-upload.js";

const folder = mkdtempSync(join(tmpdir(), "log-upload-"));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

interface Post {
  path: string;
  token: string | undefined;
  agent: string | undefined;
  index: number;
  lines: string[];
}

/** A server of logs; `answer` gets each request, and the records that it has so far. */
async function serve(answer: (post: Post, reply: ServerResponse, take: (count: number) => void) => void) {
  const stored: string[] = [];
  const posts: Post[] = [];
  const server = createServer(async (request, reply) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const post: Post = {
      path: request.url ?? "",
      token: request.headers["lava-token"] as string | undefined,
      agent: request.headers["user-agent"],
      index: Number(form.get("index")),
      lines: (form.get("lines") ?? "").split(/(?<=\n)/),
    };
    posts.push(post);
    answer(post, reply, (count) => {
      stored.splice(post.index, stored.length, ...post.lines.slice(0, count));
      reply.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ line_count: count }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { stored, posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const record = (n: number) =>
  `- {"dt": "2026-01-01T00:00:00.000000+00:00", "lvl": "target", "msg": "line ${n} ä&=+"}\n`;
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n));

function start(url: string, lines: string[]) {
  const file = join(mkdtempSync(`${folder}-`), "logs.yaml");
  writeFileSync(file, lines.join(""));
  closing.push(() => rmSync(join(file, ".."), { recursive: true, force: true }));
  const notes: string[] = [];
  const events: string[] = [];
  const upload = new LogUpload({
    file,
    url,
    token: "secret",
    jobId: "42",
    version: "9.9",
    interval: 10,
    retryAfter: 10,
    onUnknownJob: () => events.push("unknown"),
    note: (message) => notes.push(message),
  });
  return { upload, file, notes, events };
}

describe("the log on a LAVA server", () => {
  test("arrives whole and once, in requests of 1000 records at most, while it still grows", async () => {
    const { stored, posts, url } = await serve(({ lines }, _, take) => take(lines.length));
    const { upload, file } = start(url, records(2500));
    while (stored.length < 2500) await new Promise((resolve) => setTimeout(resolve, 5));
    appendFileSync(file, record(2500));
    await upload.finish();
    expect(stored).toEqual(records(2501));
    expect(Math.max(...posts.map(({ lines }) => lines.length))).toBe(1000);
    expect(posts[0]).toMatchObject({
      path: "/scheduler/internal/v1/jobs/42/logs/",
      token: "secret",
      agent: "lava 9.9",
      index: 0,
    });
    expect(posts[1]).toMatchObject({ index: 1000 });
  });

  test("a server that fails, hangs up, or takes a part gets the rest later, and each fault is told once", async () => {
    let count = 0;
    const { stored, url } = await serve((post, reply, take) => {
      count += 1;
      if (count === 1 || count === 2) reply.writeHead(502).end("bad gateway");
      else if (count === 3) reply.destroy();
      else take(Math.min(7, post.lines.length));
    });
    const { upload, notes } = start(url, records(20));
    await upload.finish();
    expect(stored).toEqual(records(20));
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/the server answered 502: bad gateway; trying again/);
  });

  test("too much at once is sent in smaller requests; a record that is too large is replaced by a result", async () => {
    const { stored, posts, url } = await serve(({ lines }, reply, take) => {
      const large = lines.some((line) => line.includes("line 3 ")) || lines.length > 450;
      if (large) reply.writeHead(413).end();
      else take(lines.length);
    });
    const { upload, notes } = start(url, records(600));
    await upload.finish();
    expect(stored).toHaveLength(600);
    expect(stored[3]).toMatch(/"lvl": "results", "msg": \{.*"case": "log-upload".*"result": "fail".*\n$/);
    expect(stored.filter((_, n) => n !== 3)).toEqual(records(600).filter((_, n) => n !== 3));
    expect(posts.slice(0, 3).map(({ lines }) => lines.length)).toEqual([600, 600, 600]);
    expect(notes.join()).toMatch(/Record 3 of the log is too large/);
  });

  test("a job that the server does not know is cancelled, and nothing more is sent", async () => {
    const { posts, url } = await serve((_, reply) => {
      reply.writeHead(404, { "content-type": "application/json" }).end(`{"error": "Unknown job '42'"}`);
    });
    const { upload, events } = start(url, records(5));
    await upload.finish();
    expect(events).toEqual(["unknown"]);
    expect(posts).toHaveLength(1);
  });

  test("stop gives up a server that is away", async () => {
    const { upload, notes } = start("http://127.0.0.1:1/", records(5));
    const finished = upload.finish();
    while (notes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    upload.stop();
    await finished;
    expect(notes[0]).toMatch(/cannot be uploaded/);
  });
});

/** Files that are not there, not whole or not the right ones: the right class, one sentence, and the board stays off. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootBlock, type FakeBoard, playShell, startFakeBoard, writeJob } from "../support/fake-board.js";
import { type FileServer, serveBytes, startFileServer } from "../support/file-server.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readLog } from "../support/run-outputs.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const KERNEL = Buffer.alloc(3 << 20, "kernel ");
const SHA256 = createHash("sha256").update(KERNEL).digest("hex");
const folder = makeWorkspace();
let board: FakeBoard;
let server: FileServer;

beforeAll(async () => {
  board = await startFakeBoard({ folder, name: "board", play: playShell });
  let cut = false;
  server = await startFileServer({
    "/kernel": serveBytes(KERNEL),
    "/broken": (_, reply) => void reply.writeHead(500).end("out of order"),
    "/half": (request, reply) => {
      reply.writeHead(200, { "content-length": KERNEL.length });
      if (request.method === "HEAD") return void reply.end();
      reply.write(KERNEL.subarray(0, KERNEL.length / 2), () => reply.destroy());
    },
    // Cut once, and whole for those who ask for the rest.
    "/cut-once": (request, reply) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const headers = { "accept-ranges": "bytes", etag: '"1"', "content-length": KERNEL.length - from };
      const range = from ? { "content-range": `bytes ${from}-${KERNEL.length - 1}/${KERNEL.length}` } : {};
      reply.writeHead(from ? 206 : 200, { ...headers, ...range });
      if (request.method === "HEAD") return void reply.end();
      if (cut) return void reply.end(KERNEL.subarray(from));
      cut = true;
      reply.write(KERNEL.subarray(0, KERNEL.length / 2), () => reply.destroy());
    },
    "/nothing": (request, reply) => void (request.method === "HEAD" ? reply.writeHead(200).end() : reply.destroy()),
  });
});
afterAll(async () => {
  await server.close();
  await board.close();
  removeWorkspace(folder);
});

async function deploy(name: string, kernel: Record<string, unknown>, seconds = 20) {
  const job = writeJob(folder, name, {
    actions: [{ deploy: { to: "tftp", timeout: { seconds }, kernel: { type: "image", ...kernel } } }, bootBlock(20)],
  });
  const output = join(folder, `${name}-out`);
  const before = board.power().length;
  const words = ["run", "--device", board.device, "--output-dir", output, "--tftp-root", join(folder, "tftp"), job];
  const run = await runCli(words);
  return { ...run, output, report: expectCompleteOutputs(output), power: board.power().slice(before) };
}

test("the yardstick: the right file passes", async () => {
  const { code, power, output } = await deploy("good", { url: server.url("/kernel"), sha256sum: SHA256 });
  expect(code).toBe(0);
  expect(power).toEqual(["reset", "off"]);
  // What was fetched is in the log: size and sum.
  expect(JSON.stringify(readLog(output))).toContain(SHA256);
});

test("a checksum that does not match: a JobError with both sums", async () => {
  const { code, report, power } = await deploy("sum", { url: server.url("/kernel"), sha256sum: "0".repeat(64) });
  expect(report.verdict.error).toMatchObject({ class: "JobError", type: "Job" });
  expect(report.verdict.error?.message).toContain("0".repeat(64));
  expect(report.verdict.error?.message).toContain(SHA256);
  expect(code).toBe(2);
  expect(power).not.toContain("reset");
});

test.each([
  { name: "missing", path: "/missing", says: /404/, type: "Job", code: 2 },
  { name: "broken", path: "/broken", says: /500/, type: "Infrastructure", code: 3 },
  { name: "half", path: "/half", says: /half/, type: "Infrastructure", code: 3 },
  { name: "nothing", path: "/nothing", says: /nothing|timed out/, type: "Infrastructure", code: 3 },
])("a URL that answers $name: $type", async ({ name, path, says, type, code: wanted }) => {
  const { code, report, power, output } = await deploy(name, { url: server.url(path) });
  expect(report.verdict.error).toMatchObject({ type });
  expect(JSON.stringify(readLog(output))).toContain(path);
  expect(report.verdict.error?.message).toMatch(says);
  if (/timed out/.test(report.verdict.error?.message ?? ""))
    expect(report.verdict.error?.stuck?.join("\n")).toMatch(/it warned last: download of .* failed: .*trying again/);
  expect(code).toBe(wanted);
  expect(power).not.toContain("reset");
});

test("a download that is cut goes on where it stopped (qualcomm-linux/kernel#970)", async () => {
  const { code } = await deploy("cut-once", { url: server.url("/cut-once"), sha256sum: SHA256 });
  expect(code).toBe(0);
  const asked = server.requests.filter(({ path, method }) => path === "/cut-once" && method === "GET");
  expect(asked.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-/);
});

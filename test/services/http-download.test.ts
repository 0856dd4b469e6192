import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { httpDownload } from "../../src/services/http-download.js";
import { findProgram } from "../../src/services/programs.js";
import { makeCertificate } from "../support/certificate.js";
import { ImpatientClock, QuickClock, type TestContext, testContext } from "./service-context.js";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const body = randomBytes(3 << 20);
const sum = (algorithm: string, bytes: Uint8Array = body) => createHash(algorithm).update(bytes).digest("hex");

let context: TestContext;
let servers: { close(): unknown; closeAllConnections?(): void }[];
let requests: { method: string; url: string; headers: IncomingMessage["headers"] }[];

beforeEach(() => {
  context = testContext({ clock: new ImpatientClock() });
  servers = [];
  requests = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
  await context.cleanup();
});

/** A server of its own for the test; gives its URL. */
async function serve(handler: Handler): Promise<string> {
  const server: Server = createServer((request, response) => {
    requests.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends `bytes` with ranges, and cuts each of the first `cuts` answers after `piece` bytes. */
const cutting = (
  bytes: Buffer,
  cuts: number,
  options: { ranges?: boolean; etag?: string | undefined; piece?: number },
): Handler => {
  let left = cuts;
  return (request, response) => {
    const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    const start = options.ranges && from && request.headers["if-range"] === options.etag ? Number(from) : 0;
    response.writeHead(start ? 206 : 200, {
      "content-length": bytes.length - start,
      ...(options.etag && { etag: options.etag }),
      ...(start && { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (left-- > 0) {
      response.write(bytes.subarray(start, start + (options.piece ?? 500_000)), () =>
        setTimeout(() => response.destroy(), 20),
      );
    } else response.end(bytes.subarray(start));
  };
};

const run = (input: JsonMap) => context.use(httpDownload, { key: "kernel", keep_compressed: false, ...input });
const downloaded = (key = "kernel") => (context.data.downloads as JsonMap)[key] as JsonMap;
const validate = (input: JsonMap) => httpDownload.validate?.({ key: "kernel", ...input }, context);
const whole: Handler = (_request, response) => response.end(body);

describe("a download", () => {
  test("is stored under the key, with its sums, and told of", async () => {
    const url = `${await serve((_, response) => response.writeHead(200, { "content-length": body.length }).end(body))}/dir/vmlinuz?x=1`;
    const sums = { md5sum: sum("md5"), sha256sum: sum("sha256").toUpperCase(), sha512sum: sum("sha512") };
    const result = await run({ url, ...sums, image_arg: "-kernel {kernel}", headers: { "X-Token": "t0ps3cret" } });
    const file = join(context.paths.work, "downloads", "common", "kernel", "vmlinuz");
    expect(readFileSync(file).equals(body)).toBe(true);
    expect(result?.extra).toEqual({ label: "kernel", size: body.length, sha256sum: sum("sha256") });
    expect(downloaded()).toEqual({
      file,
      name: "vmlinuz",
      size: body.length,
      sha256: sum("sha256"),
      compression: null,
      image_arg: "-kernel {kernel}",
    });
    expect(requests[0]?.headers).toMatchObject({ "x-token": "t0ps3cret", "accept-encoding": "identity" });
    expect(context.log.text()).toContain(`info downloading ${url}`);
    expect(context.log.text()).toContain(`total size: ${body.length} (3.0 MB)`);
    expect(context.log.text()).not.toContain("t0ps3cret");
    expect(context.reports.at(-1)).toEqual({ label: "kernel", done: body.length, total: body.length });
    expect(readdirSync(join(file, ".."))).toEqual(["vmlinuz"]);
  });

  test("below the TFTP root is named relative to it; uniquify: false leaves out the key", async () => {
    const url = `${await serve(whole)}/vmlinuz`;
    const directory = join(context.paths.tftpRoot, "42", "tftp-deploy-x");
    await run({ url, directory });
    expect(downloaded().name).toBe("42/tftp-deploy-x/kernel/vmlinuz");
    await run({ url, directory, uniquify: false });
    expect(downloaded().name).toBe("42/tftp-deploy-x/vmlinuz");
  });

  test("is removed at the end", async () => {
    await run({ url: `${await serve(whole)}/vmlinuz` });
    const file = String(downloaded().file);
    expect(existsSync(file)).toBe(true);
    await context.cleanup();
    expect(existsSync(file)).toBe(false);
  });

  test("device's static_info is filled in", async () => {
    const url = await serve(whole);
    context.device = { static_info: [{ server: url.slice(7) }] };
    await run({ url: "http://{server}/kernel" });
    expect(downloaded().size).toBe(body.length);
  });

  test.each(["../evil", "a/b", ".."])("the key %s is refused", async (key) => {
    await expect(run({ url: `${await serve(whole)}/x`, key })).rejects.toMatchObject({ name: "JobError" });
  });

  test("an empty file is a file", async () => {
    const result = await run({ url: `${await serve((_, response) => response.end())}/empty` });
    expect(result?.extra).toEqual({ label: "kernel", size: 0, sha256sum: sum("sha256", Buffer.alloc(0)) });
  });

  test("an invalid header is named, not told", async () => {
    const bad = run({ url: `${await serve(whole)}/x`, headers: { token: "sec\nret" } });
    await expect(bad).rejects.toMatchObject({ name: "JobError", message: expect.not.stringContaining("ret'") });
    expect(requests).toEqual([]);
  });

  test("abort stops it at once and leaves nothing", async () => {
    const url = `${await serve((_, response) => response.writeHead(200, { "content-length": 99 }).write("half"))}/x`;
    context.clock = new QuickClock(1);
    const running = run({ url });
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error("cancelled");
    setTimeout(() => context.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
    expect(readdirSync(join(context.paths.work, "downloads", "common", "kernel"))).toEqual([]);
  });
});

describe("decompression on the way", () => {
  const text = Buffer.from("a line of text\n".repeat(100_000));
  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["gz", (bytes) => gzipSync(bytes)],
    ["xz", (bytes) => execFileSync("xz", ["-0", "-c"], { input: bytes })],
    ["bz2", (bytes) => execFileSync("bzip2", ["-c"], { input: bytes })],
    ["zstd", (bytes) => execFileSync("zstd", ["-q", "-c"], { input: bytes })],
  ])("%s: sums and size are of what was downloaded; the last extension goes", async (compression, pack) => {
    const packed = pack(text);
    const url = `${await serve((_, response) => response.end(packed))}/rootfs.tar.${compression}`;
    const result = await run({ url, key: "rootfs", compression, sha256sum: sum("sha256", packed) });
    expect(result?.extra?.size).toBe(packed.length);
    expect(downloaded("rootfs")).toMatchObject({ compression: null, name: "rootfs.tar" });
    expect(readFileSync(String(downloaded("rootfs").file)).equals(text)).toBe(true);
  });

  test("two gz members one after the other", async () => {
    const url = `${await serve((_, response) => response.end(Buffer.concat([gzipSync("one"), gzipSync("two")])))}/a.gz`;
    await run({ url, compression: "gz" });
    expect(readFileSync(String(downloaded().file), "utf8")).toBe("onetwo");
  });

  test("a ramdisk keeps its compression; a zip stays packed", async () => {
    const url = await serve((_, response) => response.end(gzipSync(text)));
    await run({ url: `${url}/initrd.cpio.gz`, key: "ramdisk", compression: "gz", keep_compressed: true });
    expect(downloaded("ramdisk")).toMatchObject({ compression: "gz", name: "initrd.cpio.gz" });
    await run({ url: `${url}/a.zip`, compression: "zip" });
    expect(downloaded()).toMatchObject({ compression: "zip", name: "a.zip" });
  });

  test.each(["gz", "xz"])("what is not %s is a JobError that says so", async (compression) => {
    const url = `${await serve((_, response) => response.end("<html>no such file</html>"))}/a.${compression}`;
    await expect(run({ url, compression })).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining(`cannot be decompressed as ${compression}`),
      advice: expect.stringContaining("compression"),
    });
    expect(readdirSync(join(context.paths.work, "downloads", "common", "kernel"))).toEqual([]);
  });

  test("a gz that ends too early is refused", async () => {
    const packed = gzipSync(randomBytes(1 << 20));
    const url = `${await serve((_, response) => response.end(packed.subarray(0, -1000)))}/a.gz`;
    await expect(run({ url, compression: "gz" })).rejects.toMatchObject({ name: "JobError" });
  });

  test("the program for it is looked up at validation", () => {
    const programs = (input: JsonMap) => httpDownload.programs?.({ input, device: {}, parameters: {} });
    expect(programs({ compression: "xz" })).toEqual(["xz"]);
    expect(programs({ compression: "gz" })).toEqual([]);
    expect(programs({ compression: "xz", keep_compressed: true })).toEqual([]);
  });
});

describe("users.md B, slow downloads (qualcomm-linux/kernel PR#970, #555): a cut does not start over", () => {
  test("resumed where it was cut, sums go on", async () => {
    const url = `${await serve(cutting(body, 3, { ranges: true, etag: '"v1"' }))}/kernel`;
    await run({ url, sha256sum: sum("sha256") });
    expect(readFileSync(String(downloaded().file)).equals(body)).toBe(true);
    expect(requests.length).toBe(4);
    const offsets = requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? "0")));
    expect(offsets[0]).toBe(0);
    expect(offsets[1]).toBeGreaterThan(0);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(context.log.text()).toContain("warning download of");
    expect(context.log.text()).toContain("resuming at byte");
  });

  test("resumed through a decompressor", async () => {
    const packed = execFileSync("xz", ["-0", "-c"], { input: body, maxBuffer: 1 << 24 });
    const url = `${await serve(cutting(packed, 2, { ranges: true, etag: '"v1"' }))}/kernel.xz`;
    await run({ url, compression: "xz", sha256sum: sum("sha256", packed) });
    expect(readFileSync(String(downloaded().file)).equals(body)).toBe(true);
    expect(requests.length).toBe(3);
  });

  test("a server that ignores ranges sends all again; what is there is not written twice", async () => {
    const url = `${await serve(cutting(body, 2, { etag: '"v1"' }))}/kernel`;
    await run({ url, sha256sum: sum("sha256") });
    expect(readFileSync(String(downloaded().file)).equals(body)).toBe(true);
  });

  test("a server that does not tell versions apart: the download begins again", async () => {
    const url = `${await serve(cutting(body, 2, {}))}/kernel`;
    await run({ url, sha256sum: sum("sha256") });
    expect(requests.every(({ headers }) => headers.range === undefined)).toBe(true);
    expect(context.log.text()).toContain("the download begins again");
    expect(readFileSync(String(downloaded().file)).equals(body)).toBe(true);
  });

  test("a file that changes meanwhile is never mixed", async () => {
    const other = randomBytes(body.length);
    let count = 0;
    const first = cutting(body, 1, { ranges: true, etag: '"v1"' });
    const then = cutting(other, 0, { ranges: true, etag: '"v2"' });
    const url = `${await serve((request, response) => (count++ === 0 ? first : then)(request, response))}/kernel`;
    await run({ url });
    expect(readFileSync(String(downloaded().file)).equals(other)).toBe(true);
  });

  test("a server that cuts without progress is given up", async () => {
    const url = `${await serve((_, response) => response.writeHead(200, { "content-length": 10 }).flushHeaders())}/x`;
    servers.push({ close: () => clearInterval(timer) });
    const timer = setInterval(() => (servers[0] as Server).closeAllConnections(), 10);
    await expect(run({ url })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("(tried 16 times)"),
    });
  });
});

describe("bad servers", () => {
  test("404 at validation is a JobError; HEAD and GET were tried", async () => {
    const url = `${await serve((_, response) => response.writeHead(404).end("no"))}/kernel`;
    const problems = await validate({ url });
    expect(problems).toMatchObject([
      { name: "JobError", message: `Nothing can be downloaded from '${url}': the server answered 404 Not Found` },
    ]);
    expect(requests.map(({ method }) => method)).toEqual(["HEAD", "GET"]);
    expect(context.log.text()).toContain(`debug Checking that ${url} exists`);
  });

  test("a server without HEAD is asked by GET, for one byte", async () => {
    const url = `${await serve((request, response) => response.writeHead(request.method === "HEAD" ? 405 : 200).end(body))}/kernel`;
    expect(await validate({ url })).toEqual([]);
    expect(requests[1]?.headers.range).toBe("bytes=0-0");
  });

  test("500 at validation is an InfrastructureError after 9 retries", async () => {
    const url = `${await serve((_, response) => response.writeHead(500).end())}/kernel`;
    expect(await validate({ url })).toMatchObject([
      {
        name: "InfrastructureError",
        message: expect.stringContaining("the server answered 500 Internal Server Error (tried 10 times)"),
      },
    ]);
    expect(requests.length).toBe(10);
  });

  test("404 in the run is an InfrastructureError, at once", async () => {
    const url = `${await serve((_, response) => response.writeHead(404).end())}/kernel`;
    await expect(run({ url })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("404 Not Found"),
    });
    expect(requests.length).toBe(1);
  });

  test("503 passes, and Retry-After is waited for", async () => {
    let count = 0;
    const url = `${await serve((_, response) =>
      count++ < 2 ? response.writeHead(503, { "retry-after": "7" }).end() : response.end(body),
    )}/kernel`;
    await run({ url });
    expect(context.log.text()).toContain("the server answered 503 Service Unavailable; trying again in 7 s (1 of 15)");
    expect(downloaded().size).toBe(body.length);
  });

  test("500 without end is an InfrastructureError after 15 retries", async () => {
    const url = `${await serve((_, response) => response.writeHead(500).end())}/kernel`;
    await expect(run({ url })).rejects.toMatchObject({ name: "InfrastructureError" });
    expect(requests.length).toBe(16);
  });

  test("a wrong checksum is a JobError that names both", async () => {
    const url = `${await serve(whole)}/kernel`;
    const md5sum = "0123456789abcdef0123456789abcdef";
    await expect(run({ url, md5sum })).rejects.toMatchObject({
      name: "JobError",
      message: `The md5 sum of '${url}' is ${sum("md5")}, but the job expects ${md5sum}`,
      advice: expect.stringContaining("md5sum"),
    });
    expect(readdirSync(join(context.paths.work, "downloads", "common", "kernel"))).toEqual([]);
  });

  test("nothing listens: InfrastructureError", async () => {
    const url = await serve(whole);
    await new Promise((resolve) => (servers.pop() as Server).close(resolve));
    await expect(run({ url: `${url}/kernel` })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("the connection was refused"),
    });
    expect(await validate({ url: `${url}/kernel` })).toMatchObject([{ name: "InfrastructureError" }]);
  });

  test("a host that does not exist: InfrastructureError", async () => {
    await expect(run({ url: "http://no-such-host.invalid/kernel" })).rejects.toMatchObject({
      name: "InfrastructureError",
    });
  });

  test("a server that says nothing: InfrastructureError after the idle time", async () => {
    context.clock = new ImpatientClock(60_000, 20);
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    servers.push(silent);
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/kernel`;
    await expect(run({ url })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("no answer came for 60 seconds"),
    });
  });

  test("a server that stalls in the middle is left, and the rest is asked for", async () => {
    context.clock = new ImpatientClock(60_000, 300);
    const stalls = cutting(Buffer.from("all of it"), 0, { ranges: true, etag: '"a"' });
    const url = `${await serve((request, response) => {
      if (request.headers.range) stalls(request, response);
      else response.writeHead(200, { "content-length": 9, etag: '"a"' }).write("all");
    })}/x`;
    await run({ url });
    expect(requests[1]?.headers.range).toBe("bytes=3-");
    expect(readFileSync(String(downloaded().file), "utf8")).toBe("all of it");
    expect(context.log.text()).toContain("no byte came for 60 seconds");
  });

  test("something else than HTTP: InfrastructureError", async () => {
    const ssh = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2p1\r\n"));
    await new Promise<void>((resolve) => ssh.listen(0, "127.0.0.1", resolve));
    servers.push(ssh);
    const url = `http://127.0.0.1:${(ssh.address() as AddressInfo).port}/kernel`;
    await expect(run({ url })).rejects.toMatchObject({ name: "InfrastructureError" });
  });

  test("TLS that fails is an InfrastructureError, at once: no TLS there, a certificate that nobody trusts", async (test) => {
    const url = (await serve(whole)).replace("http:", "https:");
    await expect(run({ url: `${url}/kernel` })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("TLS failed"),
    });
    if (!findProgram("openssl", process.env)) test.skip("openssl is not installed: no certificate can be made");
    const tls = createTlsServer(makeCertificate(context.root), whole);
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    servers.push(tls);
    const self = `https://127.0.0.1:${(tls.address() as AddressInfo).port}/kernel`;
    expect(await validate({ url: self })).toMatchObject([
      {
        name: "InfrastructureError",
        message: expect.stringContaining("TLS failed"),
        advice: expect.stringContaining("certificate"),
      },
    ]);
  });

  test("a process that has checked and downloaded ends by itself: no connection keeps it alive", async () => {
    const server = createServer((_, response) => response.writeHead(200, { "content-length": "2" }).end("ok"));
    server.keepAliveTimeout = 600_000;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/kernel`;
    const { buildSync } = await import("esbuild");
    const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    buildSync({
      stdin: {
        contents: `
          import { RealClock } from "./src/base/clock.ts";
          import { checkUrl } from "./src/services/download/http-check.ts";
          import { HttpTransfer } from "./src/services/download/http-transfer.ts";
          const log = { debug() {}, info() {}, warning() {}, error() {} };
          const context = { clock: new RealClock(), signal: new AbortController().signal, log, env: {} };
          const request = { url: ${JSON.stringify(url)}, headers: {} };
          await checkUrl(request, context);
          for await (const chunk of await new HttpTransfer(request, context).open()) process.stdout.write(chunk);`,
        resolveDir: process.cwd(),
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      banner: { js: banner },
      outfile: join(context.root, "check.mjs"),
    });
    const child = spawn(process.execPath, [join(context.root, "check.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
    servers.push({ close: () => child.kill("SIGKILL") });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(output).toBe("ok");
  });

  test("redirects in a circle end", async () => {
    const url = `${await serve((_, response) => response.writeHead(302, { location: "/again" }).end())}/kernel`;
    await expect(run({ url })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("edirect"),
    });
  });

  test("what the job sends to one host is not sent on to another", async () => {
    const other = await serve(whole);
    const url = `${await serve((_, response) => response.writeHead(302, { location: `${other}/kernel` }).end())}/kernel`;
    await run({ url, headers: { "PRIVATE-TOKEN": "secret" } });
    expect(requests[0]?.headers["private-token"]).toBe("secret");
    expect(requests[1]?.headers["private-token"]).toBeUndefined();
  });

  test("a password in the URL is used and never shown", async () => {
    const url = (await serve(whole)).replace("//", "//user:pass1234@");
    await run({ url: `${url}/kernel` });
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("user:pass1234").toString("base64")}`);
    expect(context.log.text()).not.toContain("pass1234");
  });
});

describe("a full disk", () => {
  test("is an InfrastructureError, and the piece is removed", async (test) => {
    const tiny = join(context.root, "tiny");
    mkdirSync(tiny);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", tiny], { stdio: "ignore" });
    } catch {
      test.skip("a 1 MB file system cannot be mounted here (needs root)");
    }
    try {
      const url = `${await serve(whole)}/kernel`;
      await expect(run({ url, directory: tiny })).rejects.toMatchObject({
        name: "InfrastructureError",
        message: expect.stringContaining("The disk is full"),
        advice: expect.stringContaining("Make room"),
      });
      expect(readdirSync(join(tiny, "kernel"))).toEqual([]);
    } finally {
      execFileSync("umount", [tiny]);
    }
  });

  test("a folder that cannot be written is an InfrastructureError", async () => {
    writeFileSync(join(context.root, "file"), "");
    const bad = run({ url: `${await serve(whole)}/kernel`, directory: join(context.root, "file") });
    await expect(bad).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("Cannot store"),
    });
  });
});

describe("the lab's cache", () => {
  test("is asked, with the URL in form encoding; rules choose", async () => {
    const cache = await serve(whole);
    context.dispatcher = { http_url_format_string: `${cache}/fetch?url=%s`, http_cache_exclude_rules: ["/private/"] };
    await run({ url: "http://origin.invalid/a b(1)/kernel" });
    expect(requests[0]?.url).toBe("/fetch?url=http%3A%2F%2Forigin.invalid%2Fa+b%281%29%2Fkernel");
    expect(downloaded().name).toBe("kernel");
    const origin = await serve(whole);
    await run({ url: `${origin}/private/kernel` });
    await run({ url: `${origin}/kernel`, use_cache: false });
    expect(requests.slice(1).map(({ url }) => url)).toEqual(["/private/kernel", "/kernel"]);
  });

  test("falls back to the origin only where that is configured", async () => {
    const origin = await serve(whole);
    const broken = await serve((_, response) => response.writeHead(404).end());
    context.dispatcher = { http_url_format_string: `${broken}/%s` };
    await expect(run({ url: `${origin}/kernel` })).rejects.toMatchObject({ name: "InfrastructureError" });
    context.dispatcher = { ...context.dispatcher, http_cache_fallback_origin_url: true };
    await run({ url: `${origin}/kernel` });
    expect(downloaded().size).toBe(body.length);
    expect(await validate({ url: `${origin}/kernel` })).toEqual([]);
  });
});

test("what is checked and downloaded goes by the proxy that the worker's environment names, cut answers too", async () => {
  const proxy = await serve((request, response) => {
    // All that it is asked for is a URL of somebody else.
    if (request.method === "HEAD") response.end();
    else answer(request, response);
  });
  const answer = cutting(body, 1, { ranges: true, etag: '"1"' });
  context.env.http_proxy = proxy;
  context.env.NO_PROXY = "lab.invalid";
  const url = "http://files.invalid/kernel";
  expect(await validate({ url })).toEqual([]);
  await run({ url, sha256sum: sum("sha256") });
  expect(readFileSync(downloaded().file as string).equals(body)).toBe(true);
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([`HEAD ${url}`, `GET ${url}`, `GET ${url}`]);
  const [error] = (await validate({ url: "http://lab.invalid/x" })) ?? [];
  expect(error?.message).toContain("the host name cannot be resolved");
  expect(requests).toHaveLength(3);
});

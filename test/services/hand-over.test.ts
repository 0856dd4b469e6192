import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { checkSizes } from "../../src/services/check-sizes.js";
import { httpServer } from "../../src/services/http-server.js";
import { mediaPlaceholders } from "../../src/services/media-placeholders.js";
import { testDefinitionUrl } from "../../src/services/test-definition-url.js";
import { tftpDirectory } from "../../src/services/tftp-directory.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
});
afterEach(() => context.cleanup());

describe("tftp-directory", () => {
  test("makes a readable folder of the job's own; it goes at the end", async () => {
    const old = process.umask(0o077);
    await context.use(tftpDirectory, { prefix: "tftp-deploy-" }).finally(() => process.umask(old));
    const { directory, suffix } = context.data.tftp as { directory: string; suffix: string };
    expect(suffix).toMatch(/^42\/tftp-deploy-\w{6}$/);
    expect(directory).toBe(join(context.paths.tftpRoot, suffix));
    expect(statSync(directory).mode & 0o777).toBe(0o755);
    // Its random name cannot be looked up.
    expect(statSync(join(directory, "..")).mode & 0o777).toBe(0o711);
    const first = directory;
    await context.use(tftpDirectory, { prefix: "tftp-deploy-" });
    expect((context.data.tftp as JsonMap).directory).not.toBe(first);
    const { tftpRoot } = context.paths;
    writeFileSync(join(directory, "file"), "");
    mkdirSync(join(tftpRoot, "other-job"));
    const kept = context.root;
    await context.cleanup();
    expect(existsSync(kept)).toBe(false);
  });

  test("leaves the folders of others", async () => {
    context.paths = { ...context.paths, tftpRoot: join(context.paths.work, "root") };
    mkdirSync(join(context.paths.tftpRoot, "43"), { recursive: true });
    const { onCleanup } = context;
    const undo: ((signal: AbortSignal) => Promise<unknown>)[] = [];
    context.onCleanup = (step) => void undo.push(step);
    await context.use(tftpDirectory, { prefix: "x" });
    expect(readdirSync(context.paths.tftpRoot).sort()).toEqual(["42", "43"]);
    for (const step of undo) await step(context.signal);
    expect(readdirSync(context.paths.tftpRoot)).toEqual(["43"]);
    context.onCleanup = onCleanup;
  });

  test("the worker's prefix comes before the job's id", async () => {
    context.dispatcher = { prefix: "lab1-" };
    await context.use(tftpDirectory, { prefix: "tftp-deploy-" });
    expect((context.data.tftp as JsonMap).suffix).toMatch(/^lab1-42\/tftp-deploy-\w{6}$/);
  });

  test("the program that serves it is looked for before the job begins, where it is known", async () => {
    const validate = () => tftpDirectory.validate?.({}, context);
    expect(await validate()).toEqual([]);
    context.paths = { ...context.paths, tftpServer: "no-such-tftpd" };
    expect(await validate()).toMatchObject([
      { name: "InfrastructureError", message: "The program 'no-such-tftpd' cannot be found" },
    ]);
    context.paths = { ...context.paths, tftpServer: "sh" };
    expect(await validate()).toEqual([]);
  });

  test("a root that is not there or cannot be written is an InfrastructureError with advice", async () => {
    writeFileSync(join(context.root, "file"), "");
    context.paths = { ...context.paths, tftpRoot: join(context.root, "file") };
    await expect(context.use(tftpDirectory, { prefix: "x" })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining(context.paths.tftpRoot),
      advice: expect.stringContaining("TFTP server"),
    });
  });

  test("a job id that is a path is refused", async () => {
    for (const jobId of ["..", "a/b", ""]) {
      context.jobId = jobId;
      await expect(context.use(tftpDirectory, { prefix: "x" })).rejects.toMatchObject({ name: "JobError" });
    }
  });
});

test("check-sizes refuses what is too big", async () => {
  const file = join(context.root, "kernel");
  writeFileSync(file, Buffer.alloc(1000));
  await context.use(checkSizes, { files: [file], limit: 1001 });
  await expect(context.use(checkSizes, { files: [file], limit: 1000 })).rejects.toMatchObject({
    name: "JobError",
    message: "'kernel' is too big for TFTP: 1000 bytes, the limit is 1000",
  });
});

describe("http-server", () => {
  /** A request whose path is sent as it is: fetch would tidy it up. */
  const ask = (path: string, method = "GET", headers: { [name: string]: string } = {}) =>
    new Promise<{ status: number; body: string; headers: { [name: string]: unknown } }>((resolve, reject) => {
      const { port, pathname } = new URL(String((context.data.http as JsonMap).url));
      const place = pathname.slice(0, -"/tmp".length);
      const sent = request(
        { host: "127.0.0.1", port, path: path.startsWith("!") ? path.slice(1) : place + path, method, headers },
        (response) => {
          let body = "";
          response.on("data", (bytes: Buffer) => {
            body += bytes;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
        },
      );
      sent.on("error", reject);
      sent.end();
    });

  beforeEach(async () => {
    context.dispatcher = { dispatcher_ip: "10.0.2.2" };
    writeFileSync(join(context.paths.work, "overlay-1.tar.gz"), "the overlay");
    mkdirSync(join(context.paths.tftpRoot, "42"));
    writeFileSync(join(context.paths.tftpRoot, "42", "kernel"), "the kernel");
    writeFileSync(join(context.paths.tftpRoot, "secret"), "of another job");
    symlinkSync("/etc/passwd", join(context.paths.work, "link"));
    writeFileSync(join(context.paths.work, "rclone.conf"), "a secret");
    await context.use(httpServer, {
      files: [
        join(context.paths.work, "overlay-1.tar.gz"),
        join(context.paths.tftpRoot, "42", "kernel"),
        join(context.paths.work, "gone"),
      ],
    });
  });

  test("hands out the job's files; the address is the one the board uses", async () => {
    expect(context.data.http).toEqual({
      url: expect.stringMatching(/^http:\/\/10\.0\.2\.2:\d+\/[\w-]{16}\/tmp$/),
      root: context.paths.work,
    });
    expect(await ask("/tmp/overlay-1.tar.gz")).toMatchObject({ status: 200, body: "the overlay" });
    expect(await ask("/tftp/kernel")).toMatchObject({ status: 200, body: "the kernel" });
    expect(await ask("/tmp/overlay-1.tar.gz?x=1")).toMatchObject({ status: 200 });
    expect(await ask("/tmp/overlay-1.tar.gz", "HEAD")).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "11" },
    });
    expect(await ask("/tmp/overlay-1.tar.gz", "GET", { range: "bytes=4-7" })).toMatchObject({
      status: 206,
      body: "over",
    });
    expect(await ask("/tmp/overlay-1.tar.gz", "GET", { range: "bytes=99-" })).toMatchObject({ status: 416 });
  });

  test.each([
    "/tmp/gone",
    "/tmp/rclone.conf",
    "!/tmp/overlay-1.tar.gz",
    "!/tftp/kernel",
    "!/0000000000000000/tmp/overlay-1.tar.gz",
    "/tmp/",
    "/",
    "/tmp/../tftp/secret",
    "/tftp/../secret",
    "/tftp/%2e%2e/secret",
    "/tftp/..%2fsecret",
    "/tmp//etc/passwd",
    "/tmp/link",
    "/tmp/%00",
    "/tmp/%zz",
    "/etc/passwd",
  ])("%s is not there", async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, body: "" });
  });

  test.each(["PUT", "POST", "DELETE"])("%s is not allowed", async (method) => {
    expect(await ask("/tmp/overlay-1.tar.gz", method)).toMatchObject({ status: 405 });
  });

  test("ends with the job", async () => {
    const { url } = context.data.http as { url: string };
    await context.cleanup();
    await expect(fetch(url.replace("10.0.2.2", "127.0.0.1"))).rejects.toThrow();
    context = testContext();
  });
});

describe("media-placeholders", () => {
  const media = { sata: { "ssd-1": { uuid: "x", device_id: 0 } } };
  const block = { commands: "sata", kernel: "/boot/vmlinuz", root_uuid: "UUID=1", boot_part: 1 };

  test("tells where the files are on a disk", async () => {
    await context.use(mediaPlaceholders, { method: "a-method", commands: "sata", parameters: block, media });
    expect(context.data.media).toEqual({
      root: "UUID=1",
      boot_part: 1,
      kernel: "/boot/vmlinuz",
      ramdisk: null,
      dtb: null,
      kernel_type: null,
    });
  });

  test("nothing to tell when the commands name no medium", async () => {
    for (const commands of ["ramdisk", ["a", "b"]])
      expect(await context.use(mediaPlaceholders, { commands, parameters: block, media })).toBeUndefined();
    expect(await context.use(mediaPlaceholders, { commands: "sata", parameters: block, media: null })).toBeUndefined();
  });

  test("missing keys are named", async () => {
    const bad = context.use(mediaPlaceholders, { commands: "sata", parameters: { kernel: "x" }, media });
    await expect(bad).rejects.toMatchObject({
      name: "JobError",
      message: "Booting from sata needs 'root_uuid', 'boot_part' in the boot block",
    });
  });
});

describe("test-definition-url", () => {
  test("unpacks an archive into the overlay, leading folders dropped", async () => {
    const directory = join(context.paths.work, "overlay");
    context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
    const source = join(context.paths.jobDir, "tests-1.0");
    mkdirSync(source);
    writeFileSync(join(source, "smoke.yaml"), "metadata: {}");
    chmodSync(join(source, "smoke.yaml"), 0o600);
    const archive = join(context.root, "tests.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", context.paths.jobDir, "tests-1.0"]);
    const input = {
      index: 0,
      stage: 0,
      name: "smoke",
      path: "smoke.yaml",
      archive,
      repository: "http://x/tests.tar.gz",
    };
    await context.use(testDefinitionUrl, { ...input, strip_components: 1 });
    expect(readFileSync(join(directory, "lava-42/0/tests/0_smoke/smoke.yaml"), "utf8")).toBe("metadata: {}");
    expect((context.data.tests as JsonMap)[0]).toMatchObject({
      id: "0_smoke",
      repository: "http://x/tests.tar.gz",
      target_directory: "/lava-42/0/tests/0_smoke",
    });
    rmSync(archive);
    writeFileSync(archive, "<html></html>".repeat(100));
    await expect(context.use(testDefinitionUrl, input)).rejects.toMatchObject({ name: "JobError" });
  });
});

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { fileDownload } from "../../src/services/file-download.js";
import { findProgram } from "../../src/services/programs.js";
import { scpDownload } from "../../src/services/scp-download.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
});
afterEach(() => context.cleanup());

const downloaded = (key = "kernel") => (context.data.downloads as JsonMap)[key] as JsonMap;
const content = () => readFileSync(String(downloaded().file), "utf8");
const run = (url: string, input: JsonMap = {}) => context.use(fileDownload, { key: "kernel", url, ...input });

describe("file:", () => {
  test("an absolute path", async () => {
    const file = join(context.root, "vmlinuz");
    writeFileSync(file, "a kernel");
    const result = await run(`file://${file}`);
    expect(content()).toBe("a kernel");
    const sha256sum = createHash("sha256").update("a kernel").digest("hex");
    expect(result?.extra).toEqual({ label: "kernel", size: 8, sha256sum });
    expect(await fileDownload.validate?.({ url: `file://localhost${file}`, key: "kernel" }, context)).toEqual([]);
  });

  test.each(["file:vmlinuz", "file:./vmlinuz", "file:../job/vmlinuz"])("%s starts at the job's folder", async (url) => {
    writeFileSync(join(context.paths.jobDir, "vmlinuz"), "beside the job");
    await run(url);
    expect(content()).toBe("beside the job");
  });

  test("a name with a space, written as it is or percent-encoded", async () => {
    writeFileSync(join(context.paths.jobDir, "a b"), "space");
    await run("file:a b");
    expect(content()).toBe("space");
    await run("file:a%20b");
    expect(content()).toBe("space");
  });

  test("a missing file, a folder and a pipe are JobErrors, at validation too", async () => {
    execFileSync("mkfifo", [join(context.paths.jobDir, "pipe")]);
    symlinkSync("/dev/zero", join(context.paths.jobDir, "zero"));
    for (const url of ["file:gone", "file:.", "file:pipe", "file:zero"]) {
      await expect(run(url)).rejects.toMatchObject({ name: "JobError" });
      expect(await fileDownload.validate?.({ url, key: "kernel" }, context)).toMatchObject([{ name: "JobError" }]);
    }
  });
});

describe("a file that is more than the worker takes", () => {
  const limit = 100_000;
  beforeEach(() => {
    context.dispatcher.download_limits = { bytes: limit };
  });
  const zeros = Buffer.alloc(50 * limit);

  test.each([
    ["gz", () => gzipSync(zeros)],
    ["xz", () => execFileSync("xz", ["-c"], { input: zeros })],
    ["bz2", () => execFileSync("bzip2", ["-c"], { input: zeros })],
    ["zstd", () => execFileSync("zstd", ["-c"], { input: zeros })],
  ])("is refused while it decompresses: %s", async (compression, pack) => {
    const packed = pack();
    expect(packed.length).toBeLessThan(limit);
    writeFileSync(join(context.paths.jobDir, "bomb"), packed);
    await expect(run("file:bomb", { compression })).rejects.toMatchObject({
      name: "JobError",
      message: "'file:bomb' is more than 100000 bytes",
    });
    expect(readdirSync(join(context.paths.work, "downloads/common/kernel"))).toEqual([]);
  });

  test("is refused as it is, too; one that just fits is not", async () => {
    writeFileSync(join(context.paths.jobDir, "long"), Buffer.alloc(limit + 1));
    await expect(run("file:long")).rejects.toMatchObject({ name: "JobError" });
    writeFileSync(join(context.paths.jobDir, "fits"), Buffer.alloc(limit));
    await run("file:fits");
    expect(content()).toHaveLength(limit);
  });
});

describe("archive: tar", () => {
  /** A tar made by hand, so that it can hold what no tool would write. */
  const tar = (...members: { path: string; type?: string; link?: string; body?: string }[]): Buffer =>
    Buffer.concat([
      ...members.map(({ path, type = "0", link = "", body = "" }) => {
        const header = Buffer.alloc(512);
        header.write(path, 0);
        header.write("0000644\0", 100);
        header.write("0000000\0", 108);
        header.write("0000000\0", 116);
        header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
        header.write("00000000000\0", 136);
        header.write("        ", 148);
        header.write(type, 156);
        header.write(link, 157);
        header.write("ustar\x0000", 257);
        const sum = header.reduce((total, byte) => total + byte, 0);
        header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
        const padded = Buffer.alloc(Math.ceil(body.length / 512) * 512);
        padded.write(body);
        return Buffer.concat([header, padded]);
      }),
      Buffer.alloc(1024),
    ]);
  const unpack = (bytes: Buffer, input: JsonMap = {}) => {
    writeFileSync(join(context.paths.jobDir, "a.tar"), bytes);
    return run("file:a.tar", { archive: "tar", ...input });
  };

  test("is unpacked to a folder named after the key; sums are of the archive", async () => {
    const bytes = tar(
      { path: "dir/", type: "5" },
      { path: "dir/file", body: "hello" },
      { path: "dir/link", type: "2", link: "file" },
    );
    const result = await unpack(bytes);
    expect(downloaded().file).toBe(join(context.paths.work, "downloads/common/kernel/kernel"));
    expect(readFileSync(join(String(downloaded().file), "dir/link"), "utf8")).toBe("hello");
    expect(result?.extra?.sha256sum).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(readdirSync(join(context.paths.work, "downloads/common/kernel"))).toEqual(["kernel"]);
  });

  test("compressed, and downloaded twice", async () => {
    const packed = execFileSync("xz", ["-c"], { input: tar({ path: "file", body: "hello" }) });
    for (const _ of [1, 2]) {
      await unpack(packed, { compression: "xz" });
      expect(readFileSync(join(String(downloaded().file), "file"), "utf8")).toBe("hello");
    }
  });

  test("zipped", async (test) => {
    for (const program of ["zip", "funzip"])
      if (!findProgram(program, process.env)) test.skip(`${program} is not installed`);
    writeFileSync(join(context.root, "a.tar"), tar({ path: "file", body: "hello" }));
    await unpack(execFileSync("zip", ["-q", "-", "a.tar"], { cwd: context.root }), { compression: "zip" });
    expect(readFileSync(join(String(downloaded().file), "file"), "utf8")).toBe("hello");
    const input = { compression: "zip", archive: "tar" };
    expect(fileDownload.programs?.({ input, device: {}, parameters: {} })).toEqual(["funzip"]);
  });

  test("a name that leads upwards is refused, and nothing of the archive stays", async () => {
    await expect(unpack(tar({ path: "ok", body: "ok" }, { path: "a/../../evil", body: "evil" }))).rejects.toMatchObject(
      {
        name: "JobError",
        message: expect.stringContaining("'a/../../evil'"),
      },
    );
    expect(readdirSync(join(context.paths.work, "downloads/common/kernel"))).toEqual([]);
  });

  test("an absolute name loses its slash", async () => {
    await unpack(tar({ path: "/etc/lava-test-file", body: "inside" }));
    expect(readFileSync(join(String(downloaded().file), "etc/lava-test-file"), "utf8")).toBe("inside");
  });

  test("links that lead out, devices and pipes are left out", async () => {
    await unpack(
      tar(
        { path: "passwd", type: "2", link: "/etc/passwd" },
        { path: "up", type: "2", link: "../../../../etc/passwd" },
        { path: "d/", type: "5" },
        { path: "d/here", type: "2", link: ".." },
        { path: "d/out", type: "2", link: "here/../../x" },
        { path: "hard", type: "1", link: "../../outside" },
        { path: "sda", type: "4" },
        { path: "fifo", type: "6" },
        { path: "fine", body: "fine" },
      ),
    );
    const found = execFileSync("find", [".", "-mindepth", "1"], { cwd: String(downloaded().file), encoding: "utf8" });
    expect(found.trim().split("\n").sort()).toEqual(["./d", "./d/here", "./fine"]);
    expect(context.log.text()).toContain("left out of the archive: 'passwd' links to '/etc/passwd', outside of it");
    expect(context.log.text()).toContain("'sda' (BlockDevice)");
  });

  test("nothing is written through a link", async () => {
    const outside = join(context.root, "outside");
    mkdirSync(outside);
    await unpack(tar({ path: "l", type: "2", link: outside }, { path: "l/evil", body: "evil" })).catch(() => {});
    expect(readdirSync(outside)).toEqual([]);
  });

  test.each([
    ["more files than the worker takes", { files: 2 }, "more than 2 files"],
    ["more bytes than the worker takes", { bytes: 10_000 }, "more than 10000 bytes"],
  ])("%s are refused, and nothing of the archive stays", async (_, download_limits, message) => {
    context.dispatcher.download_limits = download_limits;
    const members = ["a", "b", "c"].map((path) => ({ path, body: "x".repeat(4000) }));
    await expect(unpack(tar(...members))).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining(message),
    });
    expect(readdirSync(join(context.paths.work, "downloads/common/kernel"))).toEqual([]);
  });

  test("an archive that says that a file is larger than the worker takes is refused before it is read", async () => {
    context.dispatcher.download_limits = { bytes: 10_000 };
    const bytes = tar({ path: "a", body: "x" });
    bytes.write("77777777777\0", 124);
    const sum = Buffer.concat([bytes.subarray(0, 148), Buffer.alloc(8, " "), bytes.subarray(156, 512)]).reduce(
      (total, byte) => total + byte,
      0,
    );
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await expect(unpack(bytes)).rejects.toMatchObject({ message: expect.stringContaining("more than 10000 bytes") });
  });

  test("what is no archive is a JobError", async () => {
    await expect(unpack(Buffer.from("<html>no such file</html>".repeat(100)))).rejects.toMatchObject({
      name: "JobError",
    });
    const whole = tar({ path: "file", body: "x".repeat(5000) });
    await expect(unpack(whole.subarray(0, 2000))).rejects.toMatchObject({ name: "JobError" });
  });
});

describe("scp:", () => {
  const sshd = findProgram("sshd", process.env);

  test("copies from a real server", async (test) => {
    if (!sshd) test.skip("sshd is not installed");
    const root = mkdtempSync(join(tmpdir(), "lava-dispatch-sshd-"));
    const key = (name: string) => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(root, name)]);
      return join(root, name);
    };
    const [host, user] = [key("host"), key("user")];
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address() as { port: number };
    await new Promise((resolve) => probe.close(resolve));
    writeFileSync(
      join(root, "config"),
      `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${host}\nAuthorizedKeysFile ${user}.pub\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n`,
    );
    mkdirSync("/run/sshd", { recursive: true });
    const server = spawn(sshd as string, ["-D", "-e", "-f", join(root, "config")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      await new Promise<void>((resolve, reject) => {
        server.stderr.on("data", (bytes: Buffer) => bytes.includes("listening") && resolve());
        server.once("exit", () => reject(new Error("sshd ended")));
      });
      // scp takes its options from the user's own configuration: here, a program of that name that names one.
      mkdirSync(join(root, "bin"));
      const options = `-i ${user} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
      writeFileSync(join(root, "bin/scp"), `#!/bin/sh\nexec /usr/bin/scp ${options} "$@"\n`, { mode: 0o755 });
      context.env = { ...context.env, PATH: `${join(root, "bin")}:${process.env.PATH}` };
      const file = join(context.root, "vm linuz");
      writeFileSync(file, "over ssh");
      const url = `scp://${userInfo().username}@127.0.0.1:${port}${file}`;
      await context.use(scpDownload, { key: "kernel", url });
      expect(content()).toBe("over ssh");
      expect(readdirSync(join(context.paths.work, "downloads/common/kernel"))).toEqual(["vm linuz"]);
      await expect(context.use(scpDownload, { key: "kernel", url: `${url}-gone` })).rejects.toMatchObject({
        name: "JobError",
      });
    } finally {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    }
    const url = `scp://${userInfo().username}@127.0.0.1:${port}/etc/hostname`;
    await expect(context.use(scpDownload, { key: "kernel", url })).rejects.toMatchObject({
      name: "InfrastructureError",
    });
  });

  test.each(["scp://host", "scp://-oProxyCommand=x/file", "scp://a b/file", "scp://host/a\nb;c", "http://x/y"])(
    "%s is not a valid URL",
    async (url) => {
      expect(await scpDownload.validate?.({ url, key: "kernel" }, context)).toMatchObject([{ name: "JobError" }]);
    },
  );

  test("scp is looked up", () => {
    expect(scpDownload.programs?.({ input: { compression: "zstd" }, device: {}, parameters: {} })).toEqual([
      "scp",
      "zstd",
    ]);
  });
});

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { REPORT_FILES } from "../../src/results/write-reports.js";
import { makeCertificate } from "../support/certificate.js";
import { makeFullFile } from "../support/full-file.js";

// The executables as they are shipped, on a job that needs no board: one command on this machine.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, ".cache");
const SECRET = "hunter2-and-more";
let dist = "";
let folder = "";

beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "bundle-test-"));
  dist = join(folder, "dist");
  const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs"), dist], { cwd: ROOT, encoding: "utf8" });
  expect(built.stderr).toBe("");
  writeFileSync(
    join(folder, "device.yaml"),
    [
      "extends: qemu",
      "device:",
      "  commands:",
      "    users:",
      "      tell: {do: printenv TOKEN}",
      "      authorities: {do: printenv NODE_EXTRA_CA_CERTS}",
      "      environment: {do: cat /proc/self/environ}",
      `      mark: {do: touch ${folder}/marked, undo: touch ${folder}/undone}`,
      "      wait: {do: sleep 60}",
      "      fail: {do: 'false'}",
    ].join("\n"),
  );
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const job = (...commands: string[]) => {
  const path = join(folder, `${commands.join("-")}.yaml`);
  writeFileSync(
    path,
    [
      "device_type: none",
      `job_name: ${commands.join(" and ")}`,
      "timeouts: {job: {minutes: 2}, action: {minutes: 1}, connection: {minutes: 1}}",
      "priority: medium",
      "visibility: public",
      `secrets: {TOKEN: ${SECRET}}`,
      "actions:",
      ...commands.map((name) => `  - command: {name: ${name}}`),
    ].join("\n"),
  );
  return path;
};
const words = (output: string, file: string) => ["run", "--device", join(folder, "device.yaml"), "-o", output, file];
const dispatch = (args: string[], program = "lava-dispatch", env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [join(dist, `${program}.js`), ...args], {
    encoding: "utf8",
    env: { ...process.env, CI: "1", ...env },
  });
const start = (args: string[], program = "lava-dispatch") =>
  spawn(process.execPath, [join(dist, `${program}.js`), ...args], { stdio: ["ignore", "pipe", "pipe"] });
const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
const read = (output: string, file: string) => readFileSync(join(output, file), "utf8");
const verdictOf = (output: string) => JSON.parse(read(output, "results.json")).verdict;
/** Until the service of the action at this level has started. */
const waits = (output: string, level: string) =>
  vi.waitUntil(
    () => {
      if (!existsSync(join(output, "journal.jsonl"))) return false;
      const records = read(output, "journal.jsonl").split("\n").slice(0, -1);
      return records.map((line) => JSON.parse(line)).some((each) => each.kind === "effect" && each.level === level);
    },
    { timeout: 15_000 },
  );

test("both executables tell their version, and what they begin with has its compiled form", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const program of ["lava-dispatch", "lava-run"])
    expect(dispatch(["--version"], program)).toMatchObject({ status: 0, stdout: `${version}\n` });
  for (const file of ["start.js.", "usual.js."])
    expect(readdirSync(dist).filter((name) => name.startsWith(file))).toHaveLength(1);
});

describe("compiled forms, where the program's folder cannot be written to", () => {
  const NOBODY = 65534;
  const asRoot = process.getuid?.() === 0;
  let copy = "";
  let home = "";
  const validate = (...words: string[]) =>
    spawnSync(process.execPath, [join(copy, "dist/lava-dispatch.js"), ...words], {
      encoding: "utf8",
      cwd: home,
      env: { ...process.env, HOME: home, XDG_CACHE_HOME: undefined },
      ...(asRoot && { uid: NOBODY, gid: NOBODY }),
    });
  const check = ["validate", "--offline", "--device", join(ROOT, "device-configs/devices/qemu-x86_64.yaml")];
  const job = join(ROOT, "jobs/qemu-x86_64.yaml");
  const kept = () =>
    readdirSync(home, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".cache") && /\.js\./.test(name),
    );
  beforeAll(() => {
    // Outside of this folder: others must be able to reach it.
    copy = mkdtempSync(join(tmpdir(), "installed-"));
    chmodSync(copy, 0o755);
    cpSync(dist, join(copy, "dist"), { recursive: true, filter: (name) => !name.endsWith(".cache") });
    cpSync(join(ROOT, "device-configs"), join(copy, "device-configs"), { recursive: true });
    chmodSync(join(copy, "dist"), 0o555);
  });
  afterAll(() => {
    chmodSync(join(copy, "dist"), 0o755);
    rmSync(copy, { recursive: true, force: true });
  });
  beforeEach(() => {
    home = mkdtempSync(join(copy, "home-"));
    if (asRoot) chownSync(home, NOBODY, NOBODY);
  });
  test("are the user's own, and used by the next start", () => {
    expect(validate(...check, job)).toMatchObject({ status: 0 });
    const first = kept();
    expect(first.filter((name) => /\/(start|usual)\.js\./.test(name))).toHaveLength(2);
    const usual = join(home, first.find((name) => /usual\.js\./.test(name))!);
    expect(statSync(join(usual, "..")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(copy, "dist")).filter((name) => name.endsWith(".cache"))).toEqual([]);
    const { ino } = statSync(usual);
    expect(validate(...check, job)).toMatchObject({ status: 0 });
    expect(statSync(usual).ino).toBe(ino);
  });
  test("what a short command compiles is not kept for the others", () => {
    expect(validate("--version")).toMatchObject({ status: 0 });
    expect(kept()).toEqual([]);
  });
  test("a folder that others may write to is not trusted", () => {
    validate(...check, job);
    const folder = join(home, kept()[0]!, "..");
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "not a compiled form");
    chmodSync(folder, 0o777);
    rmSync(join(folder, readdirSync(folder)[0]!));
    const before = readdirSync(folder);
    expect(validate(...check, job)).toMatchObject({ status: 0 });
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("validate", () => {
  const check = (...args: string[]) => ["validate", "--device", join(folder, "device.yaml"), ...args, job("mark")];
  test("writes nothing", () => {
    const empty = mkdtempSync(join(folder, "tmp-"));
    const { status, stderr } = dispatch(check(), "lava-dispatch", { TMPDIR: empty });
    expect(status, stderr).toBe(0);
    expect(readdirSync(empty)).toEqual([]);
    expect(existsSync(join(folder, "marked"))).toBe(false);
  });
  test("finds that there cannot be a scratch folder where the dispatcher wants it: 3", () => {
    const dispatcher = join(folder, "dispatcher.yaml");
    writeFileSync(dispatcher, `dispatcher_download_dir: ${dispatcher}/below-a-file\n`);
    const { status, stderr } = dispatch(check("--dispatcher", dispatcher));
    expect(stderr).toContain("scratch folder cannot be made");
    expect(status).toBe(3);
  });
});

describe("the executable started by its name", () => {
  let certificate: ReturnType<typeof makeCertificate>;
  beforeAll(() => {
    certificate = makeCertificate(folder);
  });
  const startIt = (args: string[], env: NodeJS.ProcessEnv) => {
    const child = spawn(join(dist, "lava-dispatch.js"), args, { env: { ...process.env, ...env } });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    return ended(child).then((status) => ({ status, text }));
  };
  test("trusts the authorities of NODE_EXTRA_CA_CERTS, and nobody else", async () => {
    const server = createTlsServer(certificate);
    server.on("request", (_, response) => response.writeHead(200, { "content-length": "2" }).end("ok"));
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const url = `https://localhost:${(server.address() as AddressInfo).port}/file`;
    const file = join(folder, "download.yaml");
    const head = readFileSync(job("mark"), "utf8").split("actions:")[0];
    writeFileSync(
      file,
      `${head}actions:\n  - deploy: {to: tmpfs, os: oe, images: {kernel: {url: "${url}", image_arg: "-kernel {kernel}"}}}\n`,
    );
    const check = ["validate", "--device", join(ROOT, "device-configs/devices/qemu-x86_64.yaml"), file];
    try {
      expect(await startIt(check, { NODE_EXTRA_CA_CERTS: certificate.authority })).toMatchObject({ status: 0 });
      const refused = await startIt(check, { NODE_EXTRA_CA_CERTS: undefined });
      expect(refused.text).toContain("TLS failed");
      expect(refused.status).toBe(3);
      const unread = await startIt(check, { NODE_EXTRA_CA_CERTS: "/no/such.pem" });
      expect(unread.text).toContain("The certificates of NODE_EXTRA_CA_CERTS are ignored");
      expect(unread.status).toBe(3);
    } finally {
      server.close();
    }
  });
  test("gives that variable on to the programs that it starts", async () => {
    const output = join(folder, "authorities");
    const { status, text } = await startIt(words(output, job("authorities")), {
      NODE_EXTRA_CA_CERTS: certificate.authority,
    });
    expect(status, text).toBe(0);
    expect(read(output, "logs.yaml")).toContain(certificate.authority);
  });
});

test("what the executable's own shell sets is not given on", () => {
  const output = join(folder, "environment");
  const env = { PATH: process.env.PATH, LANG: "C", HOME: "/root" };
  const { status, stderr } = spawnSync(join(dist, "lava-dispatch.js"), words(output, job("environment")), {
    env,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  expect(read(output, "logs.yaml")).toContain("LANG=C");
  expect(read(output, "logs.yaml")).not.toMatch(/\b(PWD|OLDPWD|SHLVL)=|\b_=/);
});

describe("a run", () => {
  test("writes everything, and no secret into any of it", () => {
    const output = join(folder, "pass");
    const settings = join(folder, "allowed.yaml");
    writeFileSync(settings, "job_environment: [TOKEN]\n");
    const { status, stdout, stderr } = dispatch([...words(output, job("tell", "mark")), "--dispatcher", settings]);
    expect(status, stdout + stderr).toBe(0);
    for (const file of [...REPORT_FILES, "logs.yaml", "description.yaml", "journal.jsonl", "console.cast"])
      expect(read(output, file), file).not.toContain(SECRET);
    expect(readdirSync(output).filter((name) => name.startsWith("."))).toEqual([]);
    expect(read(output, "logs.yaml")).toContain("[MASKED]");
    expect(stdout + stderr).not.toContain(SECRET);
    expect(parse(read(output, "result.yaml"))).toEqual({ definition: "lava", case: "job", result: "pass" });
    expect(existsSync(join(folder, "undone"))).toBe(true);
  });
  test("no program of the worker sees a secret, unless the dispatcher's settings allow its name", () => {
    const output = join(folder, "untold");
    expect(dispatch(words(output, job("tell"))).status).toBe(3);
    expect(read(output, "logs.yaml")).toContain(
      'Secrets are not in the environment of the worker\'s programs: \\"TOKEN\\"',
    );
  });
  test("the older form is the same run", () => {
    const output = join(folder, "older");
    const { status } = dispatch(["--target", join(folder, "device.yaml"), job("mark"), `--output-dir=${output}`]);
    expect(status).toBe(0);
    expect(verdictOf(output).class).toBe("pass");
  });
  test("a command of the lab that fails is an infrastructure error: 3, and 1 for lava-run", () => {
    const output = join(folder, "fail");
    expect(dispatch(words(output, job("fail"))).status).toBe(3);
    expect(read(output, "results.junit.xml")).toContain('<error type="InfrastructureError"');
    expect(read(output, "results.junit.xml")).not.toContain("<failure");
    expect(dispatch([...words(output, job("fail")), "--lava-exit"]).status).toBe(1);
    const args = ["--job-id", "7", "--output-dir", output, "--device", join(folder, "device.yaml"), job("fail")];
    const { status, stderr } = dispatch(args, "lava-run");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\{"dt": /m);
  });
  test("the log on standard output, the summary on standard error", () => {
    const output = join(folder, "json");
    const { stdout, stderr } = dispatch([...words(output, job("mark")), "--log-format", "json"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).lvl),
    ).toContain("results");
    expect(stderr).toContain("PASSED");
    expect(dispatch([...words(output, job("mark")), "--log-format", "yaml"]).stdout).toBe(read(output, "logs.yaml"));
  });
  test("a job that is not YAML, a job of the wrong shape: 2, with complete results", () => {
    for (const [name, text] of [
      ["broken", "actions: ["],
      ["shape", "actions: 7"],
    ] as const) {
      const file = join(folder, `${name}.yaml`);
      const output = join(folder, name);
      writeFileSync(file, text);
      const { status, stderr } = dispatch(words(output, file));
      expect(status).toBe(2);
      expect(stderr).toContain(`${name}.yaml:1:`);
      expect(verdictOf(output).class).toBe("job");
      for (const report of REPORT_FILES) expect(existsSync(join(output, report))).toBe(true);
    }
  });
  test("a full disk is an infrastructure error, and the results are complete", (test) => {
    const output = join(folder, "full");
    mkdirSync(output);
    if (!makeFullFile(join(output, "logs.yaml"))) test.skip("no such file can be made here (needs root)");
    const { status, stdout } = dispatch(words(output, job("wait")));
    expect(status, stdout).toBe(3);
    expect(verdictOf(output)).toMatchObject({ class: "infrastructure", error: { type: "Infrastructure" } });
    expect(verdictOf(output).error.message).toContain("ENOSPC");
    expect(read(output, "result.yaml")).toContain("error_type: Infrastructure");
  });
});

describe("signals", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s cancels: 4", async (signal) => {
    const output = join(folder, signal);
    const child = start(words(output, job("mark", "wait")));
    await waits(output, "2");
    rmSync(join(folder, "undone"), { force: true });
    child.kill(signal);
    expect(await ended(child)).toBe(4);
    expect(verdictOf(output).class).toBe("canceled");
    expect(existsSync(join(folder, "undone"))).toBe(true);
  });
  test.each(["SIGQUIT", "SIGUSR2"] as const)("lava-run: %s cancels: 1", async (signal) => {
    const output = join(folder, `run-${signal}`);
    const args = [
      "--job-id",
      "8",
      "--output-dir",
      output,
      "--device",
      join(folder, "device.yaml"),
      "--skip-sudo-warning",
    ];
    const child = start([...args, job("wait")], "lava-run");
    await waits(output, "1");
    child.kill(signal);
    expect(await ended(child)).toBe(1);
    expect(parse(read(output, "result.yaml"))).toMatchObject({ result: "fail", error_type: "Canceled" });
  });
  test("lava-run --url: the server has the whole log when the run ends, and standard error has none of it", async () => {
    const output = join(folder, "uploaded");
    const stored: string[] = [];
    const server = createServer(async (request, reply) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const lines = (new URLSearchParams(body).get("lines") ?? "").split(/(?<=\n)/);
      stored.push(...lines);
      reply.end(JSON.stringify({ line_count: lines.length }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ["--job-id", "9", "--output-dir", output, "--device", join(folder, "device.yaml"), "--url", url];
    const child = start([...args, "--token", "letmein", job("mark")], "lava-run");
    let stderr = "";
    child.stderr?.on("data", (text) => {
      stderr += text;
    });
    expect(await ended(child)).toBe(0);
    server.close();
    expect(stored.join("")).toBe(read(output, "logs.yaml"));
    expect(stderr).not.toContain('"lvl"');
  });
  test("after kill -9 the log is readable, and report tells what is known", async () => {
    const output = join(folder, "killed");
    const child = start(words(output, job("mark", "wait")));
    await waits(output, "2");
    child.kill("SIGKILL");
    await ended(child);
    for (const line of read(output, "logs.yaml").trimEnd().split("\n"))
      expect(parse(line)).toMatchObject([{ lvl: expect.any(String) }]);
    expect(existsSync(join(output, "results.json"))).toBe(false);
    expect(dispatch(["report", output]).status).toBe(0);
    expect(verdictOf(output)).toMatchObject({ class: "infrastructure", result: "fail" });
    expect(verdictOf(output).error.message).toContain("broken off in action 2 user-command");
  });
});

test("report makes the same files from the journal as the run did", () => {
  const output = join(folder, "again");
  dispatch(words(output, job("tell", "mark")));
  const before = REPORT_FILES.map((file) => read(output, file));
  for (const file of REPORT_FILES) rmSync(join(output, file));
  expect(dispatch(["report", "--quiet", output])).toMatchObject({ status: 0, stdout: "" });
  expect(REPORT_FILES.map((file) => read(output, file))).toEqual(before);
});

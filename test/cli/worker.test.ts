import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { findProgram } from "../../src/services/programs.js";
import { LavaServer, type ServedJob, type StoredJob } from "../support/lava-server.js";
import { startJob, type WorkerJob } from "../support/lava-worker.js";

// `lava-run` in the place of LAVA's: started by a worker, on jobs that need no board: commands on this machine.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, ".cache");
const TOKEN = "a-token-of-the-job";
const PREFIX = "lab1-";
let folder = "";
let downloads = "";
const server = new LavaServer();

beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "worker-test-"));
  downloads = join(folder, "downloads");
  const dist = join(folder, "dist");
  spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs"), dist], { cwd: ROOT });
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(dist, "lava-run.js"), join(folder, "bin/lava-run"));
  await server.up();
}, 60_000);
afterAll(async () => {
  await server.down();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => rmSync(downloads, { recursive: true, force: true }));

const device = () => `
commands:
  users:
    environment: {do: env}
    mark: {do: touch ${folder}/marked, undo: touch ${folder}/undone}
    wait: {do: sh ${folder}/wait.sh}
    fail: {do: 'false'}
parameters: {}
constants: {}
actions: {deploy: {methods: {}, connections: {}}, boot: {methods: {}, connections: {}}}
timeouts: {actions: {}, connections: {}}
`;
const definition = (...commands: string[]) => `
# The server says which of its versions made it.
compatibility: 2
device_type: qemu
job_name: commands
timeouts: {job: {minutes: 4}, action: {minutes: 2}, connection: {minutes: 1}}
priority: medium
visibility: public
actions:
${commands.map((name) => `- command: {name: ${name}}`).join("\n")}
`;
const DEFAULTS = {
  token: TOKEN,
  // As a new installation has it.
  dispatcher: "# dispatcher_ip: <dispatcher-ip>\n",
  "env-dut": "",
};
const environment = () =>
  JSON.stringify({
    purge: true,
    overrides: {
      LC_ALL: "C.UTF-8",
      PATH: [join(folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
    },
  });
let last = 100_000_000 + process.pid * 100;
/** A job on the server, and its process on the worker. */
async function begin(commands: string[], job: Partial<ServedJob> = {}, place = downloads) {
  const id = `${++last}`;
  const stored = server.add(id, {
    ...DEFAULTS,
    definition: definition(...commands),
    device: device(),
    env: environment(),
    ...job,
  });
  return { id, stored, running: await startJob(id, { server, folder, downloads: place }) };
}
const inDownloads = () => ({ dispatcher: `dispatcher_download_dir: ${downloads}\nprefix: ${PREFIX}\n` });
const records = ({ lines }: StoredJob) =>
  lines.map((line) => (parse(line) as { dt: string; lvl: string; msg: string | { [key: string]: string } }[])[0]!);
const messages = (job: StoredJob, ...levels: string[]) =>
  records(job)
    .filter(({ lvl }) => levels.includes(lvl))
    .map(({ msg }) => msg);
const log = ({ base }: WorkerJob) => readFileSync(join(base, "logs.yaml"), "utf8");
const holds = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000, interval: 20 });
/** Until the command that waits does so: it tells its process id. */
async function waiting({ exit }: Pick<WorkerJob, "exit">): Promise<number> {
  const file = join(folder, "waiting");
  const told = () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n");
  let ended = false;
  exit.then(() => {
    ended = true;
  });
  await holds(() => told() || ended);
  expect(told(), "the job ended before its command waited").toBe(true);
  return Number(readFileSync(file, "utf8"));
}
beforeEach(() => {
  for (const name of ["waiting", "go", "marked", "undone"]) rmSync(join(folder, name), { force: true });
  writeFileSync(
    join(folder, "wait.sh"),
    `echo $$ > ${folder}/waiting\nwhile [ ! -e ${folder}/go ]; do sleep 0.1; done\n`,
  );
});

const TIME = 120_000;

describe("lava-run as LAVA's worker starts it", { timeout: TIME }, () => {
  test("a job without errors: the server has all of its log once, and hears of no error", async () => {
    const { stored, running } = await begin(["environment", "mark", "wait"], {
      ...inDownloads(),
      definition: `${definition("environment", "mark", "wait")}dvice_type: qemu\n`,
    });
    await waiting(running);
    expect(running.isRunning()).toBe(true);
    // A group of its own: field 5 of the stat file.
    expect(
      readFileSync(`/proc/${running.pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ")[2],
    ).toBe(`${running.pid}`);
    expect(readdirSync(join(downloads, `${PREFIX}${last}`))).toHaveLength(1);
    writeFileSync(join(folder, "go"), "");
    expect(await running.exit).toBe(0);
    expect(running.isRunning()).toBe(false);
    expect(stored.lines.join("")).toBe(log(running));
    // Where the worker would look after a kill: nothing is left, not even empty folders.
    expect(readdirSync(downloads)).toEqual([]);
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "pass", error_type: "", errors: "" });
    expect(stored.finished?.description).toContain("name: user-command");
    expect(messages(stored, "results").at(-1)).toMatchObject({ definition: "lava", case: "job", result: "pass" });
    // What the job's writer should know is in the log; what the server added is no news.
    expect(messages(stored, "warning")).toEqual([
      expect.stringMatching(/job\.yaml:\d+:1: "dvice_type" is not a key of a job/),
    ]);
    // Nothing of the worker's own environment, but what the server says.
    expect(stored.lines.join("")).toContain("LC_ALL=C.UTF-8");
    expect(stored.lines.join("")).not.toMatch(/\bVITEST|\bHOME=/);
    expect(stored.lines.join("")).not.toContain(TOKEN);
  });

  test("what Node itself warns of is in the log", async () => {
    const env = JSON.parse(environment());
    env.overrides.REQUESTS_CA_BUNDLE = "/no/such/authorities.pem";
    const { stored, running } = await begin(["mark", "wait"], { ...inDownloads(), env: JSON.stringify(env) });
    await waiting(running);
    await holds(() => log(running).includes("are ignored"));
    writeFileSync(join(folder, "go"), "");
    expect(await running.exit).toBe(0);
    expect(messages(stored, "warning")).toEqual([
      expect.stringMatching(/^The certificates of REQUESTS_CA_BUNDLE are ignored: .*authorities\.pem/),
    ]);
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "pass", errors: "" });
  });

  test("where the settings name no folder, LAVA's own holds what the job makes", async (context) => {
    if (process.getuid?.() !== 0) context.skip();
    const place = "/var/lib/lava/dispatcher/tmp";
    const { id, running } = await begin(["wait"], {}, place);
    await waiting(running);
    expect(readFileSync(join(place, id, "logs.yaml"), "utf8")).toContain("start: 0 validate");
    running.terminate();
    await running.exit;
    expect(existsSync(join(place, id))).toBe(false);
    await running.finish();
  });

  test("cancelled: undone, told to the server to the last line, no word on standard error", async () => {
    const { stored, running } = await begin(["mark", "wait"], inDownloads());
    await waiting(running);
    running.terminate();
    expect(await running.exit).toBe(1);
    expect(existsSync(join(folder, "undone"))).toBe(true);
    expect(stored.lines.join("")).toBe(log(running));
    expect(messages(stored, "results").at(-1)).toMatchObject({ case: "job", result: "fail", error_type: "Canceled" });
    expect(messages(stored, "warning")).toEqual(["Cancelling the job: power off and clean up"]);
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "fail", error_type: "Canceled", errors: "" });
    expect(readdirSync(downloads)).toEqual([]);
  });

  test("killed: what it left lies where the worker removes it", async () => {
    const { stored, running } = await begin(["wait"], inDownloads());
    const child = await waiting(running);
    running.kill();
    expect(await running.exit).toBe(null);
    process.kill(child, "SIGKILL");
    expect(running.isRunning()).toBe(false);
    expect(readdirSync(downloads)).toEqual([`${PREFIX}${last}`]);
    await running.finish();
    expect(readdirSync(downloads)).toEqual([]);
    expect(stored.finished).toMatchObject({ result: "fail", error_type: "Bug" });
  });

  test("a server that is away, fails and loses answers has everything once in the end, and hears of no error", async () => {
    const { stored, running } = await begin(["mark", "wait"], inDownloads());
    await waiting(running);
    await holds(() => stored.lines.length > 0);
    await server.down();
    // The fault is told in the log, which the server gets once it is back.
    await holds(() => log(running).includes("cannot be uploaded"));
    await server.up();
    server.troubles.push(
      (reply) => reply.writeHead(502).end("bad gateway"),
      // Stored, but nobody knows: it comes again.
      (reply, store) => {
        store();
        reply.destroy();
      },
    );
    writeFileSync(join(folder, "go"), "");
    expect(await running.exit).toBe(0);
    expect(server.troubles).toEqual([]);
    expect(stored.lines.join("")).toBe(log(running));
    expect(messages(stored, "warning").join("\n")).toMatch(/cannot be uploaded: .*ECONNREFUSED.*; trying again/);
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "pass", errors: "" });
  });

  test("a server that stays away: the worker's signal ends the waiting, which is told as an error", async () => {
    const { stored, running } = await begin(["mark"], inDownloads());
    await server.down();
    await holds(() => existsSync(join(running.base, "logs.yaml")) && log(running).includes('"case": "job"'));
    // Between the last line and the end of the job there is a moment in which a signal would still cancel it.
    await holds(() => readFileSync(join(running.base, "stdout"), "utf8").includes("cannot be uploaded"));
    running.terminate();
    expect(await running.exit).toBe(0);
    await server.up();
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "pass", errors: expect.stringContaining("was not uploaded") });
  });

  test("a job that was deleted on the server is cancelled: undone, and not told any more", async () => {
    const { id, running } = await begin(["mark", "wait"], inDownloads());
    await waiting(running);
    server.jobs.delete(id);
    expect(await running.exit).toBe(1);
    expect(existsSync(join(folder, "undone"))).toBe(true);
    expect(parse(readFileSync(join(running.base, "result.yaml"), "utf8"))).toMatchObject({ error_type: "Canceled" });
  });

  test("a TFTP server is needed for a board that loads by TFTP: LAVA's, unless the settings name a folder that is served", async () => {
    const deploy = "deploy: {to: tftp, os: oe, kernel: {url: 'file:///dev/null', type: image}}";
    const job = {
      definition: definition("mark").replace("command: {name: mark}", deploy),
      device: device().replace("deploy: {methods: {}", "deploy: {methods: {tftp: null}"),
    };
    const { stored, running } = await begin([], { ...inDownloads(), ...job });
    await running.exit;
    const missing = "InfrastructureError: The program 'in.tftpd' cannot be found";
    // Where one is installed, nothing is missing.
    if (findProgram("in.tftpd", { PATH: "/usr/bin:/bin" }) === undefined)
      expect(messages(stored, "error")).toContain(missing);
    const served = { dispatcher: `${inDownloads().dispatcher}tftp_root: ${folder}/tftp\n` };
    const second = await begin([], { ...job, ...served });
    await second.running.exit;
    expect(messages(second.stored, "error")).not.toContain(missing);
  });

  test.each([
    ["a mistake in the job", "Job", { definition: definition("no-such-command") }],
    ["a fault of the lab", "Infrastructure", { definition: definition("fail") }],
    ["a job that is no YAML", "Job", { definition: "actions: [" }],
  ])("%s is in the result and in the log", async (_, type, job) => {
    const { stored, running } = await begin([], { ...inDownloads(), ...job });
    expect(await running.exit).toBe(1);
    expect(stored.lines.join("")).toBe(log(running));
    expect(messages(stored, "error", "exception")).not.toEqual([]);
    expect(messages(stored, "results").at(-1)).toMatchObject({ case: "job", result: "fail", error_type: type });
    await running.finish();
    expect(stored.finished).toMatchObject({ result: "fail", error_type: type });
  });

  test("without a server, each line of standard error is one record of the log, whatever happens", async () => {
    const base = mkdtempSync(join(folder, "alone-"));
    const put = (name: string, text: string) => {
      writeFileSync(join(base, name), text);
      return join(base, name);
    };
    const child = spawn(
      join(folder, "bin/lava-run"),
      [
        ...["--device", put("device.yaml", device()), "--dispatcher", put("dispatcher.yaml", inDownloads().dispatcher)],
        ...["--job-id", "1", "--output-dir", join(base, "output")],
        ...[put("definition.yaml", `${definition("mark", "wait")}dvice_type: x\n`), "--skip-sudo-warning"],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let text = "";
    child.stderr.on("data", (chunk) => (text += chunk));
    const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
    await waiting({ exit });
    child.kill("SIGTERM");
    expect(await exit).toBe(1);
    expect(text).toBe(readFileSync(join(base, "output/logs.yaml"), "utf8").replace(/^- /gm, ""));
    expect(text).toContain("dvice_type");
  });
});

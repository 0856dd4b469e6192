#!/usr/bin/env node
/**
 * Runs jobs under a real LAVA server, scheduler and worker (Debian's lava-server and lava-dispatcher), with this project's
 * `lava-run` in the place of LAVA's: QEMU and U-Boot jobs, a failure, a cancel, a kill, a server and a worker that are away.
 *
 *   npm run lava-server-check [-- --root FOLDER] [--only NAME]...
 *
 * Needs Linux, root, debootstrap and the network: it installs a Debian with LAVA into FOLDER (.cache/lava-server; about 2 GB and
 * some minutes, once) and runs all of it with mounts, processes and network of its own. Not part of `npm test`.
 * Exit codes: 0 all is as it should be, 1 something is not, 2 it cannot be run here.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { FILES, LavaServer, until } from "./lib/lava-server.mjs";
import { CACHE, IMAGES, ROOT } from "./lib/paths.mjs";

const { values } = parseArgs({
  options: { root: { type: "string" }, only: { type: "string", multiple: true } },
});
const say = (text) => console.log(text);

const missing = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["debootstrap", "unshare", "nsenter"].filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0),
  ...(existsSync(join(ROOT, "dist/lava-run.js")) && existsSync(join(IMAGES, "arm64/kernel")) ? [] : ["npm run setup"]),
];
if (missing.length > 0) {
  console.error(`This cannot be run here; it needs: ${missing.join(", ")}`);
  process.exit(2);
}

const STEPS = [
  "lava-test-case kernel --shell uname -a",
  'lava-test-case uptime --result pass --units seconds --measurement "$(cut -d " " -f 1 /proc/uptime)"',
  "lava-test-case audio --result skip",
  "lava-test-case wrong --result fail",
];
const CASES = { kernel: "pass", uptime: "pass", audio: "skip", wrong: "fail" };
const base = (device_type, job_name, steps) => ({
  job_name,
  device_type,
  priority: "medium",
  visibility: "public",
  timeouts: { job: { minutes: 8 }, action: { minutes: 4 }, connection: { minutes: 3 } },
  actions: [
    {},
    {},
    {
      test: {
        definitions: [
          {
            from: "inline",
            name: "smoke",
            path: "inline/smoke.yaml",
            repository: { metadata: { format: "Lava-Test Test Definition 1.0", name: "smoke" }, run: { steps } },
          },
        ],
      },
    },
  ],
});
const login = { auto_login: { login_prompt: "board login:", username: "root" }, prompts: ["root@board:/root#"] };

function qemuJob(name, steps = STEPS, kernel = "kernel") {
  const job = base("qemu", name, steps);
  const kernelArgument = '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0 panic=1"';
  job.context = { arch: "amd64" };
  job.actions[0].deploy = {
    to: "tmpfs",
    os: "oe",
    images: {
      kernel: { url: `${FILES}/amd64/${kernel}`, image_arg: kernelArgument },
      ramdisk: {
        url: `${FILES}/amd64/initrd.cpio.gz`,
        image_arg: "-initrd {ramdisk}",
        compression: "gz",
        format: "cpio.newc",
        overlays: { lava: true },
      },
    },
  };
  job.actions[1].boot = { method: "qemu", media: "tmpfs", ...login };
  return job;
}

function ubootJob(name) {
  const job = base("uboot-arm64", name, STEPS);
  job.actions[0].deploy = {
    to: "tftp",
    os: "oe",
    kernel: { url: `${FILES}/arm64/kernel`, type: "image" },
    ramdisk: { url: `${FILES}/arm64/initrd.cpio.gz`, compression: "gz" },
  };
  job.actions[1].boot = { method: "u-boot", commands: "ramdisk", ...login };
  return job;
}
/** Steps that go on until the job is ended, or for so many seconds. */
const waiting = (seconds) => ["lava-test-case begun --result pass", `sleep ${seconds}`, ...STEPS];

const same = (what, got, wanted) => {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
};

async function finished(server, id) {
  const job = await until(`job ${id} is finished`, () => {
    const now = server.job(id);
    return now?.state === "Finished" ? now : undefined;
  });
  await until(`nothing is left of job ${id}`, () => server.leftovers(id).length === 0, 60);
  return job;
}
const begun = (server, id) =>
  until(`job ${id} is in its tests`, () => server.log(id).includes('"case": "begun"') || undefined);

/** Each line of the log once, in order, to the last one; no word on standard error. */
function complete(server, id, job) {
  same("failure comment", job.failure_comment ?? "", "");
  const text = server.log(id);
  const records = parse(text);
  const lines = text.trimEnd().split("\n");
  same("log lines that came twice", lines.length - new Set(lines).size, 0);
  same(
    "times in order",
    records.every(({ dt }, n) => n === 0 || records[n - 1].dt <= dt),
    true,
  );
  same("the last result", [records.at(-1).lvl, records.at(-1).msg.case], ["results", "job"]);
  return records;
}
function passed(server, id, job) {
  same("health", job.health, "Complete");
  const records = complete(server, id, job);
  const suites = server.results(id);
  same("cases", { ...suites["0_smoke"], begun: undefined }, CASES);
  same("the job's result", suites.lava.job, "pass");
  return `${records.length} log lines, ${Object.keys(suites["0_smoke"]).length} cases`;
}
const ended = (server, id, type) => {
  const records = complete(server, id, server.job(id));
  const { result, error_type } = records.at(-1).msg;
  same("the job's result", [result, error_type], ["fail", type]);
  return `${records.length} log lines`;
};

const CHECKS = {
  "a QEMU job, on a worker without settings": async (server) => {
    const id = server.submit(qemuJob("qemu"));
    return passed(server, id, await finished(server, id));
  },
  "a job that fails": async (server) => {
    const id = server.submit(qemuJob("failure", STEPS, "no-such-kernel"));
    same("health", (await finished(server, id)).health, "Incomplete");
    return ended(server, id, "Job");
  },
  "a job that is cancelled": async (server) => {
    const id = server.submit(qemuJob("cancel", waiting(600)));
    await begun(server, id);
    server.cancel(id);
    same("health", (await finished(server, id)).health, "Canceled");
    same("what came before is kept", server.results(id)["0_smoke"], { begun: "pass" });
    return ended(server, id, "Canceled");
  },
  "a job that is killed": async (server) => {
    const id = server.submit(qemuJob("kill", waiting(600)));
    await begun(server, id);
    server.killRun(id);
    same("health", (await finished(server, id)).health, "Incomplete");
    same("what came before is kept", server.results(id)["0_smoke"], { begun: "pass" });
    return "no emulator, no folder is left";
  },
  "a server that is away for a while": async (server) => {
    const id = server.submit(qemuJob("away", waiting(20)));
    await begun(server, id);
    server.stopServer();
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await server.startServer();
    return passed(server, id, await finished(server, id));
  },
  "a worker that crashes and comes back": async (server) => {
    const id = server.submit(qemuJob("crash", waiting(20)));
    await begun(server, id);
    server.killWorker();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    server.startWorker();
    return passed(server, id, await finished(server, id));
  },
  "a U-Boot job": async (server) => {
    // The board's own network knows the worker by this address.
    server.setDispatcher({ dispatcher_ip: "10.0.2.2" });
    const id = server.submit(ubootJob("u-boot"));
    return passed(server, id, await finished(server, id));
  },
};

const server = new LavaServer(values.root ?? join(CACHE, "lava-server"));
let failures = 0;
try {
  await server.start(say);
  server.setDispatcher(undefined);
  for (const [name, check] of Object.entries(CHECKS)) {
    if (values.only && !values.only.some((word) => name.includes(word))) continue;
    const start = Date.now();
    const time = () => `${((Date.now() - start) / 1000).toFixed(0)} s`;
    try {
      say(`ok    ${name}: ${await check(server)}, ${time()}`);
    } catch (error) {
      failures++;
      say(`WRONG ${name}: ${error.message} (${time()})`);
    }
  }
  if (failures > 0) for (const name of ["worker", "server"]) say(`-- ${name}\n${server.output(name)}`);
} catch (error) {
  failures++;
  console.error(error.message);
} finally {
  await server.stop();
}
say(failures === 0 ? "All is as it should be." : `${failures} wrong`);
process.exitCode = failures === 0 ? 0 : 1;

/** Whole jobs, ours and the peer's in turn: same kernel, ramdisk, device and test definition. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import * as board from "../scripts/lib/board.mjs";
import { IMAGES, ROOT } from "../scripts/lib/paths.mjs";
import { goal, noPeer } from "./goals.mjs";
import { importBench } from "./in-process.mjs";
import { inTurn, median, timeProcess } from "./measure.mjs";
import { added, readPhases } from "./phases.mjs";

const OURS = join(ROOT, "dist/lava-dispatch.js");
const DEVICES = join(ROOT, "device-configs/devices");
const LEVELS = { boot: "2", test: "3", finalize: "4" };

const BASE = {
  priority: "medium",
  visibility: "public",
  timeouts: { job: { minutes: 10 }, action: { minutes: 3 }, connection: { minutes: 2 } },
};
const BOOT = {
  timeout: { minutes: 2 },
  auto_login: { login_prompt: "board login:", username: "root" },
  prompts: ["root@board:/root#"],
};
const TEST = {
  timeout: { minutes: 2 },
  definitions: [
    {
      from: "inline",
      name: "smoke",
      path: "inline/smoke.yaml",
      repository: {
        metadata: { format: "Lava-Test Test Definition 1.0", name: "smoke", description: "three cases" },
        run: {
          steps: [
            "lava-test-case uname --shell uname -a",
            "lava-test-case measure --result pass --measurement 42.5 --units seconds",
            "lava-test-case audio --result skip",
          ],
        },
      },
    },
  ],
};

async function writeInputs(work, name, job, deviceFile, variables) {
  const { renderDevice } = await importBench("render-device");
  const file = join(work, `${name}.yaml`);
  const device = join(work, `${name}.device.yaml`);
  writeFileSync(file, stringify({ ...BASE, job_name: `bench ${name}`, ...job }));
  writeFileSync(device, await renderDevice(join(DEVICES, deviceFile), variables));
  return { file, device };
}

/** The QEMU job and its device, both as LAVA takes them. */
export const qemuJob = (work) =>
  writeInputs(
    work,
    "qemu",
    {
      device_type: "qemu",
      context: { arch: "amd64" },
      actions: [
        {
          deploy: {
            timeout: { minutes: 2 },
            to: "tmpfs",
            os: "oe",
            images: {
              kernel: {
                url: `file://${IMAGES}/amd64/kernel`,
                image_arg: '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0 panic=1"',
              },
              ramdisk: {
                url: `file://${IMAGES}/amd64/initrd.cpio.gz`,
                image_arg: "-initrd {ramdisk}",
                compression: "gz",
                format: "cpio.newc",
                overlays: { lava: true },
              },
            },
          },
        },
        { boot: { method: "qemu", media: "tmpfs", ...BOOT } },
        { test: TEST },
      ],
    },
    "qemu-x86_64.yaml",
  );

/** lava-run's command line. */
export const qemuWords = (peer, job, output) => [
  ...peer.lavaRun(peer.tftp),
  ...["--job-id", "1", "--output-dir", output, "--device", job.device],
  ...["--dispatcher", peer.dispatcher, job.file],
];

/** Runs ours and the peer's in turn; each run gives its phases. */
async function compare({ work, name, rounds, ours, theirs, around }) {
  const once = (who, words, options) => async () => {
    const output = join(work, `${name}-${who}`);
    rmSync(output, { recursive: true, force: true });
    mkdirSync(output, { recursive: true });
    const powered = await around?.before();
    const run = await timeProcess(words(output), options);
    const failed = run.code !== 0 && `${who} ended with ${run.code}:\n${run.output.slice(-3000)}`;
    const since = await around?.after(powered);
    if (failed && who === "ours") throw new Error(failed);
    if (failed) {
      // It waits for ever when a kernel message follows the login prompt on its line, for one.
      console.error(`A run that does not count: ${failed.slice(0, 300)} ...`);
      return undefined;
    }
    // Older lava-runs write their log to standard error only.
    if (!existsSync(join(output, "logs.yaml"))) writeFileSync(join(output, "logs.yaml"), run.output);
    return { ...readPhases(output, run, LEVELS, since), "peak MiB": run.peak };
  };
  const runs = await inTurn(rounds, {
    ours: once("ours", ours),
    ...(theirs && { "lava-run": once("lava-run", theirs.words, theirs.options) }),
  });
  if (runs["lava-run"]?.length === 0) delete runs["lava-run"];
  const table = Object.fromEntries(
    Object.entries(runs).map(([who, list]) => [
      who,
      Object.fromEntries(Object.keys(list[0]).map((phase) => [phase, median(list.map((phases) => phases[phase]))])),
    ]),
  );
  const sums = Object.fromEntries(Object.entries(runs).map(([who, list]) => [who, median(list.map(added))]));
  const phases = Object.keys(table.ours);
  const rows = [
    ...phases.map((phase) => ({
      "seconds (medians)": phase,
      ...Object.fromEntries(Object.keys(table).map((who) => [who, table[who][phase]])),
    })),
    { "seconds (medians)": "ADDED by the dispatcher", ...sums },
    { "seconds (medians)": "runs", ...Object.fromEntries(Object.keys(table).map((who) => [who, runs[who].length])) },
  ];
  return { rows, sums, table };
}

const goals = (name, limit, { sums, table }) => [
  goal(
    `${name}: added beyond the guest's own boot and tests`,
    `${sums.ours.toFixed(2)} s`,
    `at most ${limit} s`,
    sums.ours <= limit,
  ),
  "lava-run" in sums
    ? goal(
        `${name}: against lava-run`,
        `${sums["lava-run"].toFixed(2)} s there, ${(sums["lava-run"] / sums.ours).toFixed(1)} times as much`,
      )
    : noPeer(`${name}: against lava-run`),
  goal(
    `${name}: peak resident memory`,
    `${table.ours["peak MiB"].toFixed(0)} MiB${table["lava-run"] ? `, lava-run ${table["lava-run"]["peak MiB"].toFixed(0)} MiB` : ""}`,
  ),
];

export async function measureQemuJob({ work, peer, rounds = 5 }) {
  const job = await qemuJob(work);
  const ours = (output) => [OURS, "run", "--device", job.device, "--output-dir", output, "--job-id", "1", job.file];
  const theirs = peer && { words: (output) => qemuWords(peer, job, output), options: { env: peer.env } };
  const result = await compare({ work, name: "qemu", rounds, ours, theirs });
  return { rows: result.rows, goals: goals("QEMU job", 0.6, result) };
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export async function measureUbootJob({ work, peer, rounds = 5 }) {
  const port = await freePort();
  const tftp = join(work, "tftp");
  const started = await board.start({ port, tftp, socket: join(work, "b.qmp"), log: join(work, "board.console") });
  try {
    const job = await writeInputs(
      work,
      "uboot",
      {
        device_type: "qemu-arm64-uboot",
        actions: [
          {
            deploy: {
              timeout: { minutes: 2 },
              to: "tftp",
              os: "oe",
              kernel: { url: `file://${IMAGES}/arm64/kernel`, type: "image" },
              ramdisk: { url: `file://${IMAGES}/arm64/initrd.cpio.gz`, compression: "gz" },
            },
          },
          { boot: { method: "u-boot", commands: "ramdisk", ...BOOT } },
          { test: TEST },
        ],
      },
      "qemu-arm64-uboot.yaml",
      // Older lava-runs know no other header.
      {
        console_port: port,
        power_command: `${ROOT}/scripts/board power`,
        power_socket: started.socket,
        uboot_header: "u-boot",
      },
    );
    const dispatcher = join(work, "uboot-dispatcher.yaml");
    writeFileSync(dispatcher, "dispatcher_ip: 10.0.2.2\n");
    const log = board.powerLog(started.socket);
    const around = {
      before: async () => {
        if ((await board.status(started.socket)) === "on") await board.power(started.socket, "off");
        writeFileSync(log, "");
      },
      after: async () => Date.parse(/^(\S+) reset$/m.exec(readFileSync(log, "utf8"))?.[1]) / 1000,
    };
    const ours = (output) => [
      ...[OURS, "run", "--device", job.device, "--output-dir", output, "--job-id", "1"],
      ...["--dispatcher", dispatcher, "--tftp-root", tftp, job.file],
    ];
    const theirs = peer && {
      words: (output) => qemuWords({ ...peer, dispatcher, tftp }, job, output),
      options: { env: peer.env },
    };
    const result = await compare({ work, name: "uboot", rounds, ours, theirs, around });
    return { rows: result.rows, goals: goals("U-Boot job", 1.2, result) };
  } finally {
    await board.stop(started.socket);
  }
}

#!/usr/bin/env node
/**
 * Makes test/recordings again, by running the jobs on the machines that are emulated here, one after the other.
 * node scripts/make-recordings.mjs [NAME...] [--bundle dist/lava-dispatch.js] [--port 6077]
 * A recording whose run does not end as it should is not taken. Golden traces are written at the end.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import * as board from "./lib/board.mjs";
import { ROOT } from "./lib/paths.mjs";

const TARGET = join(ROOT, "test/recordings");
const DISPATCHER = "device-configs/dispatcher-emulated.yaml";
const UBOOT = "extends: qemu-arm64-uboot\n";

/** A job of jobs/, with some of its lines changed. */
const job = (file, changes = {}) => {
  let text = readFileSync(join(ROOT, "jobs", file), "utf8");
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`jobs/${file} has no line ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  return text;
};
const named = (name, changes = {}) => ({
  "job_name: wrong-prompt": `job_name: ${name}`,
  "root@other-board": "root@board",
  ...changes,
});

/** What is recorded: the job, its device, the exit code that it must have; `machine`: the board, `cancelAt`: text of the console. */
const RECORDINGS = {
  "qemu-x86_64": { job: job("qemu-x86_64.yaml"), device: "qemu-x86_64", exit: 0 },
  "qemu-arm64": { job: job("qemu-arm64.yaml"), device: "qemu-arm64", exit: 0 },
  "two-machines": { job: job("two-machines.yaml"), device: "qemu-x86_64", exit: 0 },
  "uboot-arm64": { job: job("uboot-arm64.yaml"), exit: 0 },
  "ipxe-x86_64": {
    job: job("gold/qemu-x86_64-ipxe.yaml"),
    device: "extends: qemu-x86_64-ipxe\n",
    machine: "x86_64-ipxe",
    exit: 0,
  },
  panic: { job: job("hard-cases/panic.yaml"), exit: 2 },
  "split-signal": { job: job("hard-cases/split-signal.yaml"), exit: 0 },
  "reboot-in-test": { job: job("hard-cases/reboot-in-test.yaml"), exit: 2 },
  "lost-command": { job: job("hard-cases/lost-command.yaml"), exit: 0 },
  "wrong-prompt": { job: job("hard-cases/wrong-prompt.yaml"), exit: 2 },
  cancel: { job: job("hard-cases/cancel.yaml"), exit: 4, cancelAt: "Loading: *" },
  // The kernel is told to use a console that this board does not have: nothing comes after "Starting kernel".
  "kernel-hang": {
    job: job(
      "hard-cases/wrong-prompt.yaml",
      named("kernel-hang", { "visibility: public": "visibility: public\ncontext:\n  console_device: ttyNONE0" }),
    ),
    exit: [2, 3],
  },
  // The device waits for another text than U-Boot prints: nobody stops the countdown.
  "missed-autoboot": {
    job: job("hard-cases/wrong-prompt.yaml", named("missed-autoboot")),
    device: `${UBOOT}uboot_interrupt_prompt: Press SPACE to abort autoboot\n`,
    exit: [2, 3],
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bundle: { type: "string", default: "dist/lava-dispatch.js" }, port: { type: "string", default: "6077" } },
});
const unknown = positionals.filter((name) => !RECORDINGS[name]);
if (unknown.length) throw new Error(`Unknown: ${unknown.join(", ")}. There are: ${Object.keys(RECORDINGS).join(", ")}`);
const names = positionals.length ? positionals : Object.keys(RECORDINGS);
const port = Number(values.port);

/** Runs a job; cancels it once the console has said `cancelAt`. Resolves with the exit code. */
function run(words, output, cancelAt) {
  const child = spawn(process.execPath, [values.bundle, ...words], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += part));
  const watch =
    cancelAt &&
    setInterval(() => {
      try {
        if (!readFileSync(join(output, "console.cast"), "utf8").includes(cancelAt)) return;
      } catch {
        return;
      }
      clearInterval(watch);
      child.kill("SIGTERM");
    }, 50);
  return new Promise((resolve) =>
    child.on("exit", (code) => {
      clearInterval(watch);
      resolve({ code, text });
    }),
  );
}

async function record(name) {
  const { job: text, device = UBOOT, machine, exit, cancelAt } = RECORDINGS[name];
  // Below the temporary folder, so that no path of this machine stands in a recording.
  const work = mkdtempSync(join(tmpdir(), "recording-"));
  // Job and device lie as deep as those of the project: relative paths in them hold.
  const place = join(ROOT, "device-configs/devices");
  const jobFile = join(ROOT, "jobs/hard-cases", `recording-${name}.yaml`);
  const deviceFile = join(place, `recording-${name}.yaml`);
  const emulated = device.includes("\n");
  const socket = join(work, "board.qmp");
  const tftp = join(work, "tftp");
  const output = join(work, "out");
  const dictionary = emulated ? device : readFileSync(join(place, `${device}.yaml`), "utf8");
  // Jobs of jobs/ are one folder higher than where this one is run from.
  const definition = text.replaceAll("file:../.images", "file:../../.images");
  writeFileSync(jobFile, definition);
  writeFileSync(deviceFile, dictionary);
  try {
    if (emulated) await board.start({ machine, port, socket, tftp, log: join(work, "board.console") });
    const words = [
      ...["run", "--device", relative(ROOT, deviceFile), "--dispatcher", DISPATCHER, "--output-dir", output],
      ...["--tftp-root", tftp, "--job-id", "1"],
      ...(emulated ? ["--set", `console_port=${port}`, "--set", `power_socket=${socket}`] : []),
      relative(ROOT, jobFile),
    ];
    mkdirSync(tftp, { recursive: true });
    const { code, text: said } = await run(words, output, cancelAt);
    if (![exit].flat().includes(code)) throw new Error(`${name}: exit code ${code} instead of ${exit}\n${said}`);
    const folder = join(TARGET, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of ["console.cast", "journal.jsonl"]) {
      const clean = readFileSync(join(output, file), "utf8")
        .replaceAll(ROOT, "/lava-dispatch")
        .replaceAll(work, "/job");
      writeFileSync(join(folder, `${file}.gz`), gzipSync(clean, { level: 9 }));
    }
    writeFileSync(join(folder, "job.yaml"), definition);
    writeFileSync(join(folder, "device.yaml"), dictionary);
    writeFileSync(join(folder, "dispatcher.yaml"), readFileSync(join(ROOT, DISPATCHER), "utf8"));
    console.log(`${name}: exit code ${code}, recorded`);
  } finally {
    if (emulated) await board.stop(socket);
    for (const file of [jobFile, deviceFile, work]) rmSync(file, { recursive: true, force: true });
  }
}

for (const name of names) await record(name);
const { status } = spawnSync(process.execPath, [values.bundle, "replay", "--against", "test/recordings", "--update"], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exitCode = status ?? 1;

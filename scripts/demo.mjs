#!/usr/bin/env node
/**
 * The demo: sets up what is missing, starts the emulated arm64 U-Boot board, runs jobs/uboot-arm64.yaml on it with live
 * progress, powers the board off and stops it. Exit code: the job's.
 */
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import * as board from "./lib/board.mjs";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { setupOrExit } from "./lib/setup.mjs";

const JOB = "jobs/uboot-arm64.yaml";
const DEVICE = "device-configs/devices/qemu-arm64-uboot.yaml";
const DISPATCHER = "device-configs/dispatcher-emulated.yaml";
const OUTPUT = join(ROOT, "out/demo");
const WHAT = {
  "logs.yaml": "the log, in LAVA's format",
  "results.json": "every result, for programs",
  "results.junit.xml": "the same for CI systems",
  "results.tap": "the same as TAP",
  "journal.jsonl": "every event of the statechart",
  "console.cast": "the serial console: asciinema play console.cast",
};

setupOrExit({ images: ["arm64", "test-definitions"] });

const { socket, tftp, port } = board.defaults();
let child;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interrupted = true;
    // Ctrl-C on a terminal reaches the job by itself; a second one would hurry it.
    if (!(signal === "SIGINT" && process.stdin.isTTY)) child?.kill(signal);
  });
}

/** Runs the job; resolves with its exit code. */
const runJob = () =>
  new Promise((resolve, reject) => {
    const words = [
      join(ROOT, "dist/lava-dispatch.js"),
      "run",
      "--device",
      DEVICE,
      "--dispatcher",
      DISPATCHER,
      "--output-dir",
      OUTPUT,
      "--tftp-root",
      tftp,
      JOB,
    ];
    child = spawn(process.execPath, words, { cwd: ROOT, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1)));
  });

async function main() {
  if ((await board.status(socket)) !== "stopped") {
    console.log(`A board from earlier still runs at ${relative(ROOT, socket)}: stopping it.`);
    await board.stop(socket);
  }
  for (const file of [board.powerLog(socket), board.defaults().log]) rmSync(file, { force: true });
  rmSync(OUTPUT, { recursive: true, force: true });
  await board.start({ port });
  console.log(`Board started, powered off: arm64, U-Boot, serial console on telnet 127.0.0.1:${port}.`);
  console.log(
    `$ lava-dispatch run --device ${DEVICE} --dispatcher ${DISPATCHER} --tftp-root ${relative(ROOT, tftp)} ${JOB}\n`,
  );
  try {
    return interrupted ? 130 : await runJob();
  } finally {
    if ((await board.status(socket)) === "on") {
      console.log("The board was still powered: switching it off.");
      await board.power(socket, "off");
    }
    await board.stop(socket);
    console.log("\nBoard powered off and stopped.");
    const made = Object.entries(WHAT).filter(([name]) => existsSync(join(OUTPUT, name)));
    if (made.length) console.log(`Outputs in ${relative(ROOT, OUTPUT)}:`);
    for (const [name, what] of made) console.log(`  ${name.padEnd(18)} ${what}`);
    console.log(`  ${relative(ROOT, CACHE)}/board-${port}.console: what the board's own side of the line saw`);
  }
}

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});

#!/usr/bin/env node
/**
 * The demo (`npm run demo`, `lava-dispatch demo`): sets up what is missing, starts the emulated arm64 U-Boot board, runs
 * jobs/uboot-arm64.yaml on it with live progress, powers the board off and stops it. Exit code: the job's.
 * Where that board cannot be had, and with --recorded, its recorded run is replayed instead: nothing but Node is needed.
 */
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import * as board from "./lib/board.mjs";
import { IS_CHECKOUT, ROOT, STATE } from "./lib/paths.mjs";
import { SetupError, setup, setupOrExit } from "./lib/setup.mjs";

const JOB = "uboot-arm64";
const DEVICE = "qemu-arm64-uboot";
const DISPATCHER = "dispatcher-emulated";
const RECORDING = join(ROOT, "test/recordings/uboot-arm64");
const OUTPUT = join(STATE, "out/demo");
/** Paths are told as seen from here. */
const HERE = IS_CHECKOUT ? ROOT : process.cwd();
/** What to type for the program. */
const PROGRAM = IS_CHECKOUT ? "dist/lava-dispatch.js" : "lava-dispatch";
const WHAT = {
  "report.html": "all of it on one page: results, where the time went, the console",
  "logs.yaml": "the log, in LAVA's format",
  "results.json": "every result, for programs",
  "results.junit.xml": "the same for CI systems",
  "results.tap": "the same as TAP",
  "journal.jsonl": "every event of the statechart",
  "console.cast": "the serial console: asciinema play console.cast",
};

/** Relative where it is below the folder that paths are seen from. */
function near(path) {
  const short = relative(HERE, path);
  return short.startsWith("..") ? path : short;
}

/** Whether there is an emulated board to run the job on. */
function hasBoard() {
  if (process.argv.includes("--recorded")) return false;
  try {
    setup({ images: ["arm64", "test-definitions"] });
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`${error.message}\n\nSo the emulated board cannot be had here.`);
    return false;
  }
}

const unknown = process.argv.slice(2).filter((word) => word !== "--recorded");
if (unknown.length > 0) {
  console.error(`demo knows --recorded only, not ${unknown.join(" ")}`);
  process.exit(2);
}
const live = hasBoard();
if (!live) setupOrExit({ packages: false, images: [] });

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

/** Runs lava-dispatch; resolves with its exit code. */
const lavaDispatch = (...words) =>
  new Promise((resolve, reject) => {
    child = spawn(process.execPath, [join(ROOT, "dist/lava-dispatch.js"), ...words], { cwd: HERE, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1)));
  });

function tellOutputs() {
  const made = Object.entries(WHAT).filter(([name]) => existsSync(join(OUTPUT, name)));
  if (made.length) console.log(`Outputs in ${near(OUTPUT)}:`);
  for (const [name, what] of made) console.log(`  ${name.padEnd(18)} ${what}`);
}

/** The one command that shows the finished job. */
function tellView() {
  if (!existsSync(join(OUTPUT, "journal.jsonl"))) return;
  console.log(`\nTime travel through this run, in your browser:`);
  console.log(`$ ${PROGRAM} visualize ${near(OUTPUT)}`);
}

/** The same job from its recording: the same program, with the recorded board and its time. */
async function replayRecorded() {
  rmSync(OUTPUT, { recursive: true, force: true });
  const words = ["replay", "--trace", "--output-dir", near(OUTPUT), near(RECORDING)];
  console.log(`The recorded run of the job ${JOB} is replayed, in virtual time:\n$ ${PROGRAM} ${words.join(" ")}\n`);
  const code = await lavaDispatch(...words);
  console.log();
  tellOutputs();
  tellView();
  return code;
}

async function main() {
  if (!live) return replayRecorded();
  if ((await board.status(socket)) !== "stopped") {
    console.log(`A board from earlier still runs at ${near(socket)}: stopping it.`);
    await board.stop(socket);
  }
  for (const file of [board.powerLog(socket), board.defaults().log]) rmSync(file, { force: true });
  rmSync(OUTPUT, { recursive: true, force: true });
  await board.start({ port });
  console.log(`Board started, powered off: arm64, U-Boot, serial console on telnet 127.0.0.1:${port}.`);
  const words = ["run", "--device", DEVICE, "--dispatcher", DISPATCHER, "--tftp-root", near(tftp)];
  console.log(`$ ${[PROGRAM, ...words, JOB].join(" ")}\n`);
  try {
    if (interrupted) return 130;
    return await lavaDispatch(...words, "--output-dir", OUTPUT, JOB);
  } finally {
    if ((await board.status(socket)) === "on") {
      console.log("The board was still powered: switching it off.");
      await board.power(socket, "off");
    }
    await board.stop(socket);
    console.log("\nBoard powered off and stopped.");
    tellOutputs();
    console.log(`  ${near(board.defaults().log)}: what the board's own side of the line saw`);
    tellView();
  }
}

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});

/** The emulated boards: their serial lines are telnet ports, their power is switched over QMP. */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CACHE, SETUP } from "./paths.mjs";
import { qmp } from "./qmp.mjs";

/** The machines that a board can be: `firmware` and `qemu` with the packages that have them. */
export const MACHINES = {
  "arm64-uboot": {
    qemu: { program: "qemu-system-aarch64", package: "qemu-system-arm" },
    firmware: { file: "/usr/lib/u-boot/qemu_arm64/u-boot.bin", package: "u-boot-qemu" },
    words: ["-M", "virt", "-cpu", "cortex-a53", "-m", "256", "-bios", "/usr/lib/u-boot/qemu_arm64/u-boot.bin"],
  },
  "x86_64-ipxe": {
    qemu: { program: "qemu-system-x86_64", package: "qemu-system-x86" },
    firmware: { file: "/usr/lib/ipxe/qemu/pxe-virtio.rom", package: "ipxe-qemu" },
    // Without graphics the BIOS takes the serial line.
    words: ["-M", "q35,graphics=off", "-cpu", "qemu64", "-m", "384", "-boot", "n"],
  },
};
/** Longest path of a Unix socket. */
const SOCKET_PATH = 107;

/** What a board on this port is, and where it keeps its things, unless told otherwise. */
export const defaults = (port = 6020) => ({
  machine: "arm64-uboot",
  port,
  socket: join(CACHE, `board-${port}.qmp`),
  tftp: join(CACHE, "tftp"),
  log: join(CACHE, `board-${port}.console`),
});

/** A path that fits into a socket address: relative to the working directory where that is shorter. */
function shortSocket(path) {
  const absolute = resolve(path);
  const short = [absolute, relative(process.cwd(), absolute)].sort((a, b) => a.length - b.length)[0];
  if (Buffer.byteLength(short) > SOCKET_PATH)
    throw new Error(`The socket path is longer than ${SOCKET_PATH} bytes: ${absolute}. Give a shorter --socket.`);
  return short;
}

const pidFile = (socket) => `${resolve(socket)}.pid`;
/** One line per power command: `<time> on|off|reset`. */
export const powerLog = (socket) => `${resolve(socket)}.power.log`;

function runningPid(socket) {
  try {
    const pid = Number(readFileSync(pidFile(socket), "utf8"));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

/**
 * Starts a board, powered off, and returns when its console and its power switch can be reached.
 * @param {{machine?: string | object, port?: number, socket?: string, tftp?: string, log?: string, serial?: string, plain?: boolean,
 *   network?: string, words?: string[]}} options `machine`: one of MACHINES, or what would stand there; `serial`: a terminal device that
 *   is the serial line instead of the telnet port; `plain`: the port speaks no telnet; `network`: further settings of the user network;
 *   `words`: further ones for QEMU (disks)
 * @returns the options with defaults filled in
 * @throws when it runs already or QEMU refuses
 */
export async function start(options = {}) {
  const board = {
    ...defaults(options.port),
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
  const socket = shortSocket(board.socket);
  if (runningPid(socket)) throw new Error(`The board at ${board.socket} runs already (pid ${runningPid(socket)}).`);
  const machine = typeof board.machine === "object" ? board.machine : MACHINES[board.machine];
  if (!machine) throw new Error(`Unknown machine "${board.machine}": ${Object.keys(MACHINES).join(", ")}`);
  const { qemu, firmware } = machine;
  const missing = (what) => `${what} is missing: install the package`;
  if (!existsSync(firmware.file)) throw new Error(`${missing(firmware.file)} ${firmware.package}, or run "${SETUP}".`);
  for (const file of [socket, board.log, pidFile(socket)]) mkdirSync(dirname(resolve(file)), { recursive: true });
  mkdirSync(board.tftp, { recursive: true });
  rmSync(socket, { force: true });
  const comma = (path) => path.replaceAll(",", ",,");
  const log = `logfile=${comma(resolve(board.log))},logappend=on`;
  const line = board.serial
    ? `serial,id=console,path=${comma(board.serial)},${log}`
    : `socket,id=console,host=127.0.0.1,port=${board.port},telnet=${board.plain ? "off" : "on"},server=on,wait=off,${log}`;
  const words = [
    ...machine.words,
    // By name: where /dev/kvm opens, it need not run guests.
    ...["-accel", "tcg"],
    ...["-nodefaults", "-display", "none", "-S"],
    ...["-chardev", line, "-serial", "chardev:console"],
    ...[
      "-netdev",
      `user,id=net,tftp=${comma(resolve(board.tftp))}${board.network ? `,${board.network}` : ""}`,
      "-device",
      "virtio-net-pci,netdev=net",
    ],
    ...(options.words ?? []),
    ...["-qmp", `unix:${comma(socket)},server=on,wait=off`],
    ...["-daemonize", "-pidfile", pidFile(socket)],
  ];
  try {
    execFileSync(qemu.program, words, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  } catch (error) {
    if (error.code === "ENOENT") throw new Error(`${missing(qemu.program)} ${qemu.package}, or run "${SETUP}".`);
    throw new Error(`QEMU did not start: ${error.stderr?.trim() || error.message}`);
  }
  return board;
}

/** Ends the emulator; nothing to do when none runs. */
export async function stop(socket) {
  const pid = runningPid(socket);
  if (pid) {
    await qmp(shortSocket(socket), ["quit"]).catch(() => process.kill(pid, "SIGKILL"));
    for (let tries = 0; tries < 100 && runningPid(socket); tries++) await new Promise((done) => setTimeout(done, 20));
  }
  for (const file of [socket, pidFile(socket)]) rmSync(file, { force: true });
  return pid !== undefined;
}

/** What the power switch does, in QMP. A board without power is a paused machine that was just reset. */
const POWER = { on: ["cont"], off: ["stop", "system_reset"], reset: ["stop", "system_reset", "cont"] };
export const POWER_WORDS = Object.keys(POWER);

/** Switches the power and notes it in the power log. `reset` is a power cycle, whatever the state before. */
export async function power(socket, word) {
  if (!POWER[word]) throw new Error(`Unknown power command "${word}": ${POWER_WORDS.join(", ")}`);
  await qmp(shortSocket(socket), POWER[word]);
  appendFileSync(powerLog(socket), `${new Date().toISOString()} ${word}\n`);
}

/** @returns {Promise<"on" | "off" | "stopped">} `stopped`: no emulator */
export async function status(socket) {
  if (!runningPid(socket)) return "stopped";
  const [state] = await qmp(shortSocket(socket), ["query-status"]);
  return state.running ? "on" : "off";
}

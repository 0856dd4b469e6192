/** The emulated arm64 U-Boot board of scripts/board, on ports and in folders of a test's own. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Board, power, powerLog, start, status, stop } from "../../scripts/lib/board.mjs";
import { freePort, inRoot } from "./workspace.js";

export interface RealBoard extends Board {
  /** Device file of this board. */
  device: string;
  /** Words that the power switch was given, in order. */
  powerWords(): string[];
  status(): Promise<"on" | "off" | "stopped">;
  /** Pulls the plug of the emulator itself. */
  destroy(): Promise<void>;
}

export interface RealBoardOptions {
  folder: string;
  name: string;
  /** A terminal device as the serial line, instead of the telnet port. */
  serial?: string;
  /** Replaces the device's connection_command. */
  connect?: string;
}

const DEVICE = inRoot("device-configs/devices/qemu-arm64-uboot.yaml");

/** The project's own device with another console and another power switch. */
function writeDevice(folder: string, name: string, socket: string, connect: string): string {
  const text = readFileSync(DEVICE, "utf8");
  const here = text
    .replace(/telnet 127\.0\.0\.1 6020/g, connect)
    .replace(/(?:\.\.\/)+scripts\/board power (\w+)/g, `${inRoot("scripts/board")} power $1 --socket ${socket}`);
  if (!here.includes(connect) || !here.includes(socket))
    throw new Error(`${DEVICE} has changed: adapt ${import.meta.url}`);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, here);
  return file;
}

/** Starts a board, powered off. */
export async function startRealBoard({ folder, name, serial, connect }: RealBoardOptions): Promise<RealBoard> {
  const port = await freePort();
  const board = await start({
    port,
    socket: join(folder, `${name}.qmp`),
    tftp: join(folder, "tftp"),
    log: join(folder, `${name}.console`),
    ...(serial && { serial }),
  });
  return {
    ...board,
    device: writeDevice(folder, name, board.socket, connect ?? `telnet 127.0.0.1 ${port}`),
    powerWords: () =>
      readFileSync(powerLog(board.socket), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ")[1]!),
    status: () => status(board.socket),
    destroy: async () => {
      if ((await status(board.socket)) === "on") await power(board.socket, "off");
      await stop(board.socket);
    },
  };
}

/** One of the sample jobs, with URLs that hold from anywhere and the replacements asked for; each must find its text. */
export function adaptJob(folder: string, job: string, replacements: [string | RegExp, string][] = []): string {
  let text = readFileSync(inRoot("jobs", `${job}.yaml`), "utf8").replace(/file:(?:\.\.\/)+/g, `file://${inRoot()}/`);
  for (const [from, to] of replacements) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`jobs/${job}.yaml does not hold ${from}`);
    text = changed;
  }
  const file = join(folder, `${job.replaceAll("/", "-")}.yaml`);
  writeFileSync(file, text);
  return file;
}

/** The emulated boards of scripts/board, on ports and in folders of a test's own. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Board, power, powerLog, start, status, stop } from "../../scripts/lib/board.mjs";
import { freePort, inRoot } from "./workspace.js";

export interface RealBoard extends Board {
  /** Device file of this board. */
  device: string;
  /** Words that the power switch was given, in order. */
  powerWords(): string[];
  setPower(word: "on" | "off" | "reset"): Promise<void>;
  status(): Promise<"on" | "off" | "stopped">;
  /** Pulls the plug of the emulator itself. */
  destroy(): Promise<void>;
}

export interface RealBoardOptions {
  folder: string;
  name: string;
  /** `arm64-uboot` unless another is asked for. */
  machine?: string;
  /** A terminal device as the serial line, instead of the telnet port. */
  serial?: string;
  /** Replaces the device's connection_command. */
  connect?: string;
  /** Further words of QEMU: disks. */
  words?: string[];
  /** Merged over the device configuration. */
  changes?: object;
}

/** The project's own device type with another console and another power switch. */
function writeDevice(board: Board, { folder, name, connect, changes = {} }: RealBoardOptions): string {
  const file = join(folder, `${name}.yaml`);
  const dictionary = {
    extends: `qemu-${board.machine}`,
    console_port: board.port,
    power_command: `${inRoot("scripts/board")} power`,
    power_socket: board.socket,
    device: { ...changes, ...(connect && { commands: { connect } }) },
  };
  writeFileSync(file, stringify(dictionary));
  return file;
}

/** Starts a board, powered off. */
export async function startRealBoard(options: RealBoardOptions): Promise<RealBoard> {
  const { folder, name, machine, serial, words } = options;
  const port = await freePort();
  const board = await start({
    port,
    socket: join(folder, `${name}.qmp`),
    tftp: join(folder, "tftp"),
    log: join(folder, `${name}.console`),
    ...(machine && { machine }),
    ...(serial && { serial }),
    ...(words && { words }),
  });
  return {
    ...board,
    device: writeDevice(board, options),
    powerWords: () =>
      (existsSync(powerLog(board.socket)) ? readFileSync(powerLog(board.socket), "utf8") : "")
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(" ")[1]!),
    setPower: (word) => power(board.socket, word),
    status: () => status(board.socket),
    destroy: async () => {
      if ((await status(board.socket)) === "on") await power(board.socket, "off");
      await stop(board.socket);
    },
  };
}

/** Words of the command line that every job on such a board needs. */
export const boardWords = (board: RealBoard): string[] => [
  ...["--dispatcher", inRoot("device-configs/dispatcher-emulated.yaml")],
  ...["--tftp-root", board.tftp],
];

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

/** An emulated board with a firmware of its own, for jobs whose device configuration a test writes whole. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Board, type BoardOptions, type Machine, power, start, status, stop } from "../../scripts/lib/board.mjs";
import { type CliResult, runCli, runWords } from "./run-cli.js";
import { freePort, inRoot } from "./workspace.js";

export interface PeerBoard extends Board {
  /** `commands` of the device configuration: its console and its power switch. */
  commands: { connect: string; hard_reset: string; power_on: string; power_off: string };
  status(): Promise<"on" | "off" | "stopped">;
  destroy(): Promise<void>;
}

/** QEMU's arm64 machine with this firmware. */
export const arm64Machine = (firmware: string, words: string[] = []): Machine => ({
  qemu: { program: "qemu-system-aarch64", package: "qemu-system-arm" },
  firmware: { file: firmware, package: "u-boot-qemu" },
  words: ["-M", "virt", "-cpu", "cortex-a53", "-m", "512", "-bios", firmware, ...words],
});

/** Starts a board, powered off, with a console of its own. */
export async function startPeerBoard(folder: string, name: string, options: BoardOptions): Promise<PeerBoard> {
  const board = await start({
    port: await freePort(),
    socket: join(folder, `${name}.qmp`),
    tftp: join(folder, "tftp"),
    log: join(folder, `${name}.console`),
    ...options,
  });
  const switchTo = (word: string) => `${inRoot("scripts/board")} power ${word} --socket ${board.socket}`;
  return {
    ...board,
    commands: {
      connect: `telnet 127.0.0.1 ${board.port}`,
      hard_reset: switchTo("reset"),
      power_on: switchTo("on"),
      power_off: switchTo("off"),
    },
    status: () => status(board.socket),
    destroy: async () => {
      if ((await status(board.socket)) === "on") await power(board.socket, "off");
      await stop(board.socket);
    },
  };
}

/** What every rendered device of LAVA has beside its methods. */
export const DEVICE = {
  parameters: {},
  constants: {
    failure_retry: 1,
    boot_retry: null,
    "kernel-start-message": "Linux version [0-9]",
    "default-shell-prompt": "lava-test: # ",
    posix: {
      lava_test_sh_cmd: "/bin/sh",
      lava_test_results_dir: "/lava-%s",
      lava_test_shell_file: "~/.bashrc",
    },
    "u-boot": {
      "interrupt-prompt": "Hit any key to stop autoboot",
      "interrupt-character": "",
      interrupt_ctrl_list: [],
      "interrupt-newline": true,
      "final-message": "Starting kernel",
      "error-messages": ["Resetting CPU"],
    },
  },
  timeouts: { actions: {}, connections: {} },
};

/** How the guest images of the tests log in. */
export const GUEST_LOGIN = {
  auto_login: { login_prompt: "board login:", username: "root" },
  prompts: ["root@board:/root#"],
};

/** A test block with one definition of these steps. */
export const testBlock = (name: string, ...steps: string[]): object => ({
  test: {
    timeout: { minutes: 2 },
    definitions: [
      {
        from: "inline",
        name,
        path: `inline/${name}.yaml`,
        repository: {
          metadata: { format: "Lava-Test Test Definition 1.0", name, description: name },
          run: { steps },
        },
      },
    ],
  },
});

export interface JobRun extends CliResult {
  /** The output directory. */
  output: string;
}

let jobs = 0;

/** Writes a job of these blocks and its device into the folder, and runs it. */
export async function runBlocks(
  folder: string,
  device: object,
  actions: object[],
  { job = {}, words = [], env = {} }: { job?: object; words?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<JobRun> {
  const number = ++jobs;
  const files = { device: join(folder, `device-${number}.yaml`), job: join(folder, `job-${number}.yaml`) };
  writeFileSync(files.device, stringify(device));
  const timeouts = { job: { minutes: 4 }, action: { minutes: 2 }, connection: { minutes: 1 } };
  writeFileSync(
    files.job,
    stringify({ job_name: `peer ${number}`, priority: "medium", visibility: "public", timeouts, actions, ...job }),
  );
  const output = join(folder, `out-${number}`);
  const result = await runCli([...runWords(files.device, output, String(7000 + number)), ...words, files.job], { env });
  return { ...result, output };
}

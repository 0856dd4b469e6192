/** A board made of a script: a telnet console that this process plays, and a power switch that notes what it is told. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";

export interface FakeBoard {
  /** Rendered LAVA device configuration. */
  device: string;
  /** Words that the power switch was given, in order. */
  power(): string[];
  close(): Promise<void>;
}

export interface FakeBoardOptions {
  folder: string;
  name: string;
  /** Plays the board: called once for each console that is opened, when its power comes on. */
  play: (console: Socket) => void | Promise<void>;
  /** Overrides of the device's `commands`. */
  commands?: Record<string, unknown>;
}

/** What is typed on the console, without the client's telnet negotiation. */
export function onTyped(console: Socket, heard: (text: string) => void): void {
  console.on("data", (chunk) => {
    const text = chunk.toString("latin1").replace(/\xff[\xfb-\xfe]./gs, "");
    if (text) heard(text);
  });
}

export const PROMPT = "root@fake:/root# ";

/** A console that boots and then answers every line with the prompt, as a shell does. */
export function playShell(console: Socket): void {
  onTyped(console, (text) => console.write(text.replace(/[\r\n]+/g, `\r\n${PROMPT}`)));
  console.write(`Booting...\r\nready\r\n${PROMPT}`);
}

export async function startFakeBoard({ folder, name, play, commands }: FakeBoardOptions): Promise<FakeBoard> {
  const powerLog = join(folder, `${name}.power`);
  const power = () => (existsSync(powerLog) ? readFileSync(powerLog, "utf8").split("\n").filter(Boolean) : []);
  const switchFile = join(folder, `${name}-switch`);
  writeFileSync(switchFile, `#!/bin/sh\necho "$1" >>'${powerLog}'\n`);
  chmodSync(switchFile, 0o755);

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    const waiting = setInterval(() => {
      if (socket.destroyed) clearInterval(waiting);
      else if (power().some((word) => word === "reset" || word === "on")) {
        clearInterval(waiting);
        void play(socket);
      }
    }, 10);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };

  const device = join(folder, `${name}.device.yaml`);
  writeFileSync(
    device,
    stringify({
      hostname: name,
      devicetype: "fake",
      constants: {
        posix: { lava_test_sh_cmd: "/bin/sh", lava_test_results_dir: "/lava-%s", lava_test_shell_file: "~/.bashrc" },
        "kernel-start-message": "",
        "shutdown-message": "The system is going down for reboot NOW",
        "default-shell-prompt": "lava-test: # ",
        spawn_maxread: "4092",
        failure_retry: 1,
        boot_retry: null,
      },
      commands: {
        connect: `telnet 127.0.0.1 ${port}`,
        hard_reset: `${switchFile} reset`,
        power_on: `${switchFile} on`,
        power_off: `${switchFile} off`,
        ...commands,
      },
      parameters: {},
      actions: {
        deploy: {
          methods: { tftp: null, image: null },
          connections: { serial: null },
          parameters: { add_header: "raw" },
        },
        boot: { methods: { minimal: null }, connections: { serial: null } },
      },
      timeouts: { actions: { "power-off": { seconds: 10 } }, connections: {} },
    }),
  );
  return {
    device,
    power,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export interface FakeJob {
  actions: unknown[];
  [key: string]: unknown;
}

/** Writes a job file; what the caller does not say is a public job of two minutes. */
export function writeJob(folder: string, name: string, job: FakeJob): string {
  const file = join(folder, `${name}.yaml`);
  const timeouts = { job: { minutes: 2 }, action: { minutes: 1 }, connection: { seconds: 30 } };
  writeFileSync(file, stringify({ device_type: "fake", job_name: name, visibility: "public", timeouts, ...job }));
  return file;
}

/** A boot block that waits for a prompt, with the power switched on before. */
export const bootBlock = (seconds: number, extra: Record<string, unknown> = {}) => ({
  boot: { method: "minimal", timeout: { seconds }, prompts: [PROMPT], ...extra },
});

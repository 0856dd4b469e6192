/** Serial lines without hardware: pairs of pseudo terminals (socat), and one of their ends on the network (ser2net). */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./workspace.js";

export interface Peer {
  close(): Promise<void>;
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`It did not come: ${what}`);
}

function started(program: string, words: string[]): { child: ChildProcess } & Peer {
  const child = spawn(program, words, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  return {
    child,
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Two ends of one line: what is written into `near` comes out of `far`, and back. */
export async function startSerialPair(folder: string, name: string): Promise<Peer & { near: string; far: string }> {
  const [near, far] = [join(folder, `${name}-near`), join(folder, `${name}-far`)];
  const { close } = started("socat", [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`]);
  await eventually("the serial pair", () => existsSync(near) && existsSync(far));
  return { near, far, close };
}

/** Puts a terminal device on a telnet port of 127.0.0.1, with RFC 2217. */
export async function startSer2net(folder: string, device: string): Promise<Peer & { port: number }> {
  const port = await freePort();
  const config = join(folder, `ser2net-${port}.yaml`);
  writeFileSync(
    config,
    [
      "connection: &line",
      `  accepter: telnet(rfc2217),tcp,127.0.0.1,${port}`,
      `  connector: serialdev,${device},115200n81,local`,
      "  options:",
      "    max-connections: 3",
      "",
    ].join("\n"),
  );
  const { close } = started("ser2net", ["-n", "-d", "-c", config, "-P", join(folder, `ser2net-${port}.pid`)]);
  await eventually("ser2net", () => listens(port));
  return { port, close };
}

/** Whether something listens, asked of the kernel: a connection would take the line. */
function listens(port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .some((line) => new RegExp(`^\\s*\\d+: 0100007F:${wanted} \\S+ 0A `).test(line));
}

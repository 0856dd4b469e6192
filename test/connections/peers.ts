/** Real peers for the conformance suite: each is the far end of a line, reached over TCP by the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Throws where a program is missing: a suite that quietly leaves out its peers proves nothing. */
export function need(program: string, debianPackage: string): void {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"])
    try {
      accessSync(join(folder, program), constants.X_OK);
      return;
    } catch {
      // The next folder may have it.
    }
  throw new Error(`${program} is missing: apt-get install -y ${debianPackage}`);
}

/** The far end of a line. */
export interface Peer {
  /** The words that connect to it. */
  words: string[];
  /** Resolves with the far end's socket once a line is open through it; raw bytes of the board. */
  far(): Promise<Socket>;
  stop(): Promise<void>;
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A TCP server that gives its first client. */
export async function acceptOne(): Promise<{ port: number; client: Promise<Socket>; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let accept: (socket: Socket) => void = () => {};
  const client = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    accept(socket);
  });
  const port = await listen(server);
  return {
    port,
    client,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Ends a process that a test started. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
  await exited;
  clearTimeout(timer);
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (const stop = Date.now() + ms; !(await holds()); ) {
    if (Date.now() > stop) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const exists = (path: string) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};

const IAC = 255;

/** 0xff doubled, as telnet wants it. */
function doubled(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length * 2);
  let length = 0;
  for (const byte of bytes) {
    out[length++] = byte;
    if (byte === IAC) out[length++] = IAC;
  }
  return out.subarray(0, length);
}

/**
 * A telnet server of the test's own: offers echo and binary as console servers do, doubles 0xff, and gives the board's
 * bytes as a plain socket. `talks: false` is a bare TCP port that negotiates nothing, but still doubles 0xff.
 */
export async function telnetPeer(talks: boolean): Promise<Peer> {
  const board = await acceptOne();
  const farEnd = connect(board.port, "127.0.0.1");
  farEnd.on("error", () => {});
  const inside = await board.client;
  const lines = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (line) => {
    lines.add(line);
    if (talks) line.write(Buffer.from([IAC, 251, 1, IAC, 251, 3, IAC, 251, 0, IAC, 253, 0, IAC, 250, 24, 1, IAC, 240]));
    let command: number[] = [];
    line.on("data", (bytes) => {
      const plain: number[] = [];
      for (const byte of bytes) {
        if (command.length === 0 && byte !== IAC) plain.push(byte);
        else if (command.length === 1 && byte === IAC) {
          plain.push(IAC);
          command = [];
        } else {
          command.push(byte);
          if (command.length === 3) command = [];
        }
      }
      if (!inside.write(Buffer.from(plain))) line.pause();
    });
    inside.on("drain", () => line.resume());
    inside.on("data", (bytes) => {
      if (!line.write(doubled(bytes))) inside.pause();
    });
    line.on("drain", () => inside.resume());
    inside.on("end", () => line.end());
    line.on("end", () => inside.end());
    line.on("close", () => inside.end());
    line.on("error", () => {});
  });
  const port = await listen(server);
  return {
    words: ["telnet", "127.0.0.1", String(port)],
    far: async () => farEnd,
    async stop() {
      farEnd.destroy();
      for (const line of lines) line.destroy();
      await board.stop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A pseudo-terminal whose other end is a socket of the test: what a serial cable is to a board. */
async function serialCable(): Promise<{
  path: string;
  folder: string;
  board: Awaited<ReturnType<typeof acceptOne>>;
  socat: ChildProcess;
}> {
  need("socat", "socat");
  const board = await acceptOne();
  const folder = mkdtempSync(join(tmpdir(), "serial-"));
  const path = join(folder, "tty");
  const socat = spawn("socat", [`PTY,link=${path},raw,echo=0`, `TCP:127.0.0.1:${board.port},nodelay`], {
    stdio: "ignore",
  });
  await until("socat makes the pty", () => exists(path));
  return { path, folder, board, socat };
}

export async function serialPeer(): Promise<Peer> {
  const { path, folder, board, socat } = await serialCable();
  return {
    words: [`serial:${path}?baud=115200`],
    far: () => board.client,
    async stop() {
      await end(socat);
      await board.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The telnet port of a real ser2net before a serial line. */
export async function ser2netPeer(): Promise<Peer> {
  need("ser2net", "ser2net");
  const { path, folder, board, socat } = await serialCable();
  const port = await freePort();
  const config = join(folder, "ser2net.yaml");
  writeFileSync(
    config,
    `connection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,${port}\n  connector: serialdev,${path},115200n81,local\n`,
  );
  const ser2net = spawn("/usr/sbin/ser2net", ["-n", "-c", config, "-P", join(folder, "pid")], { stdio: "ignore" });
  await until("ser2net listens", async () => {
    const tables = await import("node:fs/promises").then((fs) => fs.readFile("/proc/net/tcp", "utf8"));
    return tables.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`);
  });
  return {
    words: ["telnet", "127.0.0.1", String(port)],
    far: () => board.client,
    async stop() {
      await end(ser2net);
      await end(socat);
      await board.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A program on a pseudo-terminal. */
export async function ptyPeer(): Promise<Peer> {
  need("socat", "socat");
  const board = await acceptOne();
  return {
    words: ["socat", "STDIO,raw,echo=0", `TCP:127.0.0.1:${board.port},nodelay`],
    far: () => board.client,
    stop: () => board.stop(),
  };
}

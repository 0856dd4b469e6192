import { connect, type Socket } from "node:net";
import { ConnectionClosedError, InfrastructureError } from "../base/errors.js";
import { BaseConnection } from "./base-connection.js";
import { TelnetProtocol } from "./telnet-protocol.js";
import type { ConnectOptions, Transport } from "./types.js";

/** Longest wait for unsent bytes when we close, ms. */
const LINGER = 500;

/** `telnet HOST [PORT]`: a console server's or emulator's port (RFC 854), spoken here, without the telnet program. */
export const telnet: Transport = {
  name: "telnet",
  accepts: (words) =>
    words[0] === "telnet" &&
    (words.length === 2 || words.length === 3) &&
    !words[1]?.startsWith("-") &&
    (words[2] === undefined || portOf(words[2]) !== undefined),
  programs: () => [],
  async connect(words, { signal, clock }: ConnectOptions) {
    const host = words[1] ?? "";
    const port = portOf(words[2] ?? "23") ?? 23;
    const socket = await openSocket(host, port, signal);
    return new TelnetConnection(`telnet ${host}:${port}`, socket, clock);
  },
};

function portOf(word: string): number | undefined {
  const port = Number(word);
  return /^\d{1,5}$/.test(word) && port > 0 && port < 65536 ? port : undefined;
}

function openSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const aborted = () => {
      socket.destroy();
      reject(signal.reason);
    };
    const failed = (error: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", aborted);
      socket.destroy();
      reject(connectError(host, port, error));
    };
    signal.addEventListener("abort", aborted, { once: true });
    socket.once("error", failed);
    socket.once("connect", () => {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      socket.pause();
      resolve(socket);
    });
  });
}

/** One clear sentence for the usual ways in which a connection fails. */
function connectError(host: string, port: number, error: NodeJS.ErrnoException): InfrastructureError {
  const where = `${host} port ${port}`;
  const [message, advice] =
    error.code === "ECONNREFUSED"
      ? [
          `Nothing listens on ${where}`,
          "Check that the console server or emulator runs, and the port in connection_command.",
        ]
      : error.code === "ENOTFOUND" || error.code === "EAI_AGAIN"
        ? [`The host name ${host} cannot be resolved`, "Check the host in connection_command and the name server."]
        : error.code === "ETIMEDOUT" || error.code === "EHOSTUNREACH" || error.code === "ENETUNREACH"
          ? [`${where} cannot be reached`, "Check the network between this machine and the console server."]
          : [`Cannot connect to ${where}: ${error.message}`, "Check connection_command of the device."];
  return new InfrastructureError(message, { cause: error, advice });
}

class TelnetConnection extends BaseConnection {
  readonly #socket: Socket;
  readonly #clock: ConnectOptions["clock"];
  readonly #protocol = new TelnetProtocol();

  constructor(name: string, socket: Socket, clock: ConnectOptions["clock"]) {
    super(name);
    this.#socket = socket;
    this.#clock = clock;
    socket.on("data", (bytes: Buffer) => {
      const { data, answer } = this.#protocol.receive(bytes);
      if (answer.length > 0 && socket.writable) socket.write(answer);
      this.emit(data);
    });
    socket.on("error", (error) => this.end({ kind: "error", message: error.message }));
    socket.on("end", () => this.end({ kind: "eof", message: "the peer closed the connection" }));
    socket.on("close", () => this.end({ kind: "eof", message: "the peer closed the connection" }));
    socket.pause();
  }

  protected writeBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(this.#protocol.send(bytes), (error) => {
        if (error) reject(new ConnectionClosedError(`${this.name}: ${error.message}`, { cause: error }));
        else resolve();
      });
    });
  }

  protected async release(): Promise<void> {
    const socket = this.#socket;
    if (socket.closed) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(() => socket.destroy(), LINGER);
      socket.once("close", () => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
      if (socket.writable) socket.end(() => socket.destroy());
      else socket.destroy();
    });
  }

  protected startReading(): void {
    this.#socket.resume();
  }
  protected stopReading(): void {
    this.#socket.pause();
  }
}

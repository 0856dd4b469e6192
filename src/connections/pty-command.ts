import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve as resolvePath } from "node:path";
import type { IPty } from "node-pty";
import type { Clock } from "../base/clock.js";
import { ConnectionClosedError, InfrastructureError } from "../base/errors.js";
import { BaseConnection } from "./base-connection.js";
import { PtyWriter } from "./pty-writer.js";
import type { ConnectOptions, Transport } from "./types.js";

/** From TERM to KILL when we close, ms. */
const GRACE = 3000;
/** How often the end of the process group is looked for, ms. */
const POLL = 5;
/** Silence after the program's end that ends a line which others still hold open, ms. */
const QUIET = 200;

/** Any other command: run on a pseudo-terminal of its own, as an argument array, without a shell. */
export const ptyCommand: Transport = {
  name: "pty-command",
  accepts: (words) => words.length > 0,
  programs: (words) => words.slice(0, 1),
  async connect(words, { signal, clock, cwd, env = process.env, columns = 80, rows = 24 }: ConnectOptions) {
    signal.throwIfAborted();
    const folder = cwd ?? process.cwd();
    const program = await findProgram(words[0] ?? "", folder, env);
    const { spawn } = await import("node-pty");
    signal.throwIfAborted();
    let pty: IPty;
    try {
      // forkpty makes the program the leader of a session and process group of its own.
      pty = spawn(program, words.slice(1), { name: "vt102", cols: columns, rows, cwd: folder, env, encoding: null });
    } catch (error) {
      throw new InfrastructureError(`Cannot start ${words[0]}: ${(error as Error).message}`, { cause: error });
    }
    return new PtyConnection(words.join(" "), words[0] ?? "", pty as OpenPty, clock);
  },
};

/** The program's absolute path. `./x` starts from the folder, a bare name is looked up in PATH. */
async function findProgram(name: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const places = name.includes("/")
    ? [isAbsolute(name) ? name : resolvePath(folder, name)]
    : (env.PATH ?? "").split(delimiter).map((place) => resolvePath(folder, place, name));
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      if ((await stat(place)).isFile()) return place;
    } catch {
      // The next place may have it.
    }
  }
  throw new InfrastructureError(`The program ${name} of the connection command is not found`, {
    advice: name.includes("/")
      ? `Check that ${places[0]} exists and may be executed.`
      : `Install ${name}, or check PATH.`,
  });
}

/** node-pty's terminal with what its types leave out: the descriptor and the stream that reads it. */
interface OpenPty extends IPty {
  readonly fd: number;
  readonly _socket: NodeJS.ReadStream & { destroy(error?: Error): NodeJS.ReadStream };
  destroy(): void;
}

class PtyConnection extends BaseConnection {
  readonly #pty: OpenPty;
  readonly #clock: Clock;
  readonly #exit: Promise<void>;
  readonly #writer: PtyWriter;
  /** Closes our end of the terminal. */
  readonly #stopReading: () => void;
  /** Set while node-pty wanted to stop reading, but there may be output left. */
  #lastOutput: unknown;
  #reading = false;
  #draining = false;
  #exited = false;
  /** Whether others of the group live on; as long as they do, the number of the group is not given to strangers. */
  #groupLives = true;

  constructor(name: string, program: string, pty: OpenPty, clock: Clock) {
    super(name);
    this.#pty = pty;
    this.#clock = clock;
    this.#writer = new PtyWriter(pty.fd, clock, () => pty._socket.destroyed);
    pty.pause();
    pty.onData((bytes) => {
      this.emit(bytes as unknown as Uint8Array);
      if (this.#draining) this.#drain();
    });
    this.#exit = new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        this.#exited = true;
        this.#groupLives = signalGroup(pty.pid, "SIGTERM");
        const how = signal ? `was ended by signal ${signal}` : `ended with exit code ${exitCode}`;
        this.end({ kind: "eof", message: `${program} ${how}` });
        resolve();
      });
    });
    // node-pty stops reading 200 ms after the program's end, even when we had paused it: the last output would be lost.
    const destroy = pty._socket.destroy.bind(pty._socket);
    this.#stopReading = () => void destroy();
    pty._socket.destroy = (error?: Error) => {
      if (this.ended) return destroy(error);
      if (error || pty._socket.readableEnded) void this.#afterExit().then(() => destroy(error));
      else {
        this.#draining = true;
        this.#drain();
      }
      return pty._socket;
    };
  }

  /**
   * A program closes its terminal a moment before it exits: to close ours in between would hang it up, and its exit
   * code were lost.
   */
  async #afterExit(): Promise<void> {
    for (let waited = 0; waited < QUIET && isAlive(this.#pty.pid) && !this.ended; waited += POLL)
      await this.#sleep(POLL);
  }

  /** Ends reading after a silence, but not while paused. */
  #drain(): void {
    this.#clock.clearTimeout(this.#lastOutput);
    if (!this.#reading) return;
    this.#lastOutput = this.#clock.setTimeout(() => {
      this.#draining = false;
      this.#stopReading();
    }, QUIET);
  }

  protected async writeBytes(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch (error) {
      throw new ConnectionClosedError(`${this.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  protected async release(): Promise<void> {
    const { pid } = this.#pty;
    this.#clock.clearTimeout(this.#lastOutput);
    if (!this.#exited) signalGroup(pid, "SIGTERM");
    // Closing the terminal hangs up what ignores TERM, such as interactive shells.
    this.#pty.destroy();
    for (let waited = 0; waited < GRACE && this.#lives(); waited += POLL) await this.#sleep(POLL);
    if (this.#lives()) signalGroup(pid, "SIGKILL");
    await this.#exit;
  }

  #lives(): boolean {
    if (this.#exited && this.#groupLives) this.#groupLives = signalGroup(this.#pty.pid, 0);
    return !this.#exited || this.#groupLives;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimeout(resolve, ms));
  }

  protected startReading(): void {
    this.#reading = true;
    this.#pty.resume();
    if (this.#draining) this.#drain();
  }
  protected stopReading(): void {
    this.#reading = false;
    this.#pty.pause();
    this.#clock.clearTimeout(this.#lastOutput);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether the group still had somebody to take the signal. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

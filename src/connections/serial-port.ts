import type { SerialPort } from "serialport";
import { ConfigurationError, ConnectionClosedError, InfrastructureError } from "../base/errors.js";
import { BaseConnection } from "./base-connection.js";
import type { ConnectOptions, Transport } from "./types.js";

/** Settings of a serial line, as the words of a connection_command give them. */
export interface SerialSettings {
  path: string;
  baudRate: number;
  dataBits: 5 | 6 | 7 | 8;
  stopBits: 1 | 1.5 | 2;
  parity: "none" | "even" | "odd";
  rtscts: boolean;
  xon: boolean;
  /** Modem lines to set after opening; left as the driver sets them when absent. */
  dtr?: boolean;
  rts?: boolean;
}

/**
 * A serial port of this machine: `serial:/dev/ttyUSB0?baud=115200` (also `data`, `stop`, `parity`, `rtscts`, `xon`,
 * `dtr`, `rts`) or `serial /dev/ttyUSB0 [115200]`.
 */
export const serialPort: Transport = {
  name: "serial-port",
  accepts: (words) =>
    (words.length === 1 && words[0]?.startsWith("serial:") === true) ||
    (words[0] === "serial" && (words.length === 2 || words.length === 3)),
  programs: () => [],
  async connect(words, { signal }: ConnectOptions) {
    const settings = serialSettings(words);
    signal.throwIfAborted();
    const { SerialPort } = await import("serialport");
    signal.throwIfAborted();
    const { path, baudRate, dataBits, stopBits, parity, rtscts, xon, dtr, rts } = settings;
    const port = new SerialPort({
      ...{ path, baudRate, dataBits, stopBits, parity, rtscts },
      ...{ xon, xoff: xon, autoOpen: false, highWaterMark: 65536 },
    });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(openError(path, error)) : resolve()));
    });
    if (signal.aborted) {
      await closePort(port);
      throw signal.reason;
    }
    if (dtr !== undefined || rts !== undefined) await setModemLines(port, { dtr: dtr ?? true, rts: rts ?? true });
    return new SerialConnection(`serial ${path} ${baudRate}`, port);
  },
};

/** Reads the words of a serial connection_command. Throws ConfigurationError. */
export function serialSettings(words: string[]): SerialSettings {
  const [path = "", query = ""] =
    words[0] === "serial" ? [words[1]] : (words[0] ?? "").slice("serial:".length).split("?", 2);
  const options = new URLSearchParams(query);
  if (words[0] === "serial" && words[2] !== undefined) options.set("baud", words[2]);
  const one = <T extends string | number>(key: string, known: readonly T[], fallback: T): T => {
    const word = options.get(key);
    options.delete(key);
    if (word === null) return fallback;
    const value = known.find((candidate) => String(candidate) === word);
    if (value === undefined) throw wrong(`${key} is "${word}"`, `Use one of ${known.join(", ")}.`);
    return value;
  };
  const flag = (key: string) => ({ on: true, off: false, none: undefined })[one(key, ["on", "off", "none"], "none")];
  const baud = options.get("baud") ?? "115200";
  options.delete("baud");
  if (!/^[1-9]\d{1,7}$/.test(baud)) throw wrong(`baud is "${baud}"`, "Use a number such as 115200.");
  if (!path.startsWith("/")) throw wrong(`"${path}" is no path of a device`, "Write serial:/dev/ttyUSB0?baud=115200.");
  const dtr = flag("dtr");
  const rts = flag("rts");
  const settings: SerialSettings = {
    path,
    baudRate: Number(baud),
    dataBits: one("data", [5, 6, 7, 8], 8),
    stopBits: one("stop", [1, 1.5, 2], 1),
    parity: one("parity", ["none", "even", "odd"], "none"),
    rtscts: flag("rtscts") ?? false,
    xon: flag("xon") ?? false,
    ...(dtr !== undefined && { dtr }),
    ...(rts !== undefined && { rts }),
  };
  const unknown = [...options.keys()][0];
  if (unknown !== undefined)
    throw wrong(`"${unknown}" is unknown`, "Known are baud, data, stop, parity, rtscts, xon, dtr and rts.");
  return settings;
}

const wrong = (what: string, advice: string) => new ConfigurationError(`serial port: ${what}`, { advice });

function openError(path: string, error: Error): InfrastructureError {
  const text = error.message;
  const [message, advice] = /No such file/i.test(text)
    ? [`There is no serial port ${path}`, "Check that the adapter is plugged in, and the path in connection_command."]
    : /Permission denied/i.test(text)
      ? [
          `The serial port ${path} may not be opened by this user`,
          "Add the user to the group dialout and log in again.",
        ]
      : /lock|busy|temporarily unavailable/i.test(text)
        ? [`The serial port ${path} is in use`, "End the other program that has it open (fuser shows which)."]
        : [`Cannot open the serial port ${path}: ${text}`, "Check connection_command of the device."];
  return new InfrastructureError(message, { cause: error, advice });
}

/** A pseudo-terminal has no modem lines (ENOTTY): that is no fault. */
function setModemLines(port: SerialPort, lines: { dtr: boolean; rts: boolean }): Promise<void> {
  return new Promise((resolve) => port.set(lines, () => resolve()));
}

const closePort = (port: SerialPort) =>
  new Promise<void>((resolve) => {
    if (port.isOpen) port.close(() => resolve());
    else resolve();
  });

class SerialConnection extends BaseConnection {
  readonly #port: SerialPort;

  constructor(name: string, port: SerialPort) {
    super(name);
    this.#port = port;
    port.on("data", (bytes: Buffer) => this.emit(bytes));
    port.on("error", (error: Error) => this.end({ kind: "error", message: error.message }));
    port.on("end", () => this.end({ kind: "error", message: "the serial port went away" }));
    port.on("close", () => this.end({ kind: "error", message: "the serial port went away" }));
    port.pause();
  }

  protected writeBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#port.write(Buffer.from(bytes), undefined, (error) => {
        if (error) reject(new ConnectionClosedError(`${this.name}: ${error.message}`, { cause: error }));
        else resolve();
      });
    });
  }
  protected release(): Promise<void> {
    return closePort(this.#port);
  }
  protected startReading(): void {
    this.#port.resume();
  }
  protected stopReading(): void {
    this.#port.pause();
  }
}

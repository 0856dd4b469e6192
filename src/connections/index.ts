import { ConfigurationError } from "../base/errors.js";
import { ptyCommand } from "./pty-command.js";
import { serialPort } from "./serial-port.js";
import { telnet } from "./telnet.js";
import type { Connection, ConnectOptions, Transport } from "./types.js";

export { type ConsoleOptions, createConsole } from "./console.js";

/** All transports; the first that accepts a command's words is used. To add one: write its file, name it here. */
export const transports: readonly Transport[] = [telnet, serialPort, ptyCommand];

/** The transport for a command's words. Throws ConfigurationError when the command is empty. */
export function transportFor(words: string[]): Transport {
  const transport = transports.find((candidate) => candidate.accepts(words));
  if (!transport)
    throw new ConfigurationError("The connection command is empty", {
      advice: "Give commands.connect or commands.connections of the device a command, e.g. `telnet localhost 7001`.",
    });
  return transport;
}

/**
 * Opens the line that a connection command names. Rejects with InfrastructureError (with advice) when it cannot be
 * opened, and with the signal's reason when aborted.
 */
export const openConnection = (words: string[], options: ConnectOptions): Promise<Connection> =>
  Promise.resolve().then(() => transportFor(words).connect(words, options));

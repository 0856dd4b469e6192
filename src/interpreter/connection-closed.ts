import { ConnectionClosedError } from "../base/errors.js";

/** The line ended without our doing. `message`: what the transport says; `stuck`: the "stuck because" report, if any. */
export const connectionClosed = (message: string, stuck?: string[]): ConnectionClosedError =>
  new ConnectionClosedError(`connection closed: ${message}`, {
    advice: "The console server or the emulator went away, or somebody else took the line.",
    ...(stuck && { stuck }),
  });

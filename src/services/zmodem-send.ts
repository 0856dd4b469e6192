import { basename } from "node:path";
import { PassThrough } from "node:stream";
import type { Observable } from "rxjs";
import type { Clock } from "../base/clock.js";
import { JobError, LAVABug } from "../base/errors.js";
import type { Relay } from "../connections/types.js";
import { text } from "./overlay/inputs.js";
import { programOptions } from "./overlay/unpack.js";
import { filterThrough } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** What the board's shell starts to receive. */
const RECEIVE = "rz\n";
/** Tells a receiver that the sender is gone: without it, it would wait for more and swallow what is typed. */
const CANCEL = new Uint8Array([...Array(8).fill(0x18), ...Array(8).fill(0x08)]);
/** ms that the receiver has to end; then what it did not take of a broken transfer is erased from the shell's line. */
const FAREWELL = 300;
const ERASE = Buffer.from("\x15\n");

const pause = (ms: number, clock: Clock): Promise<void> =>
  new Promise((resolve) => void clock.setTimeout(() => resolve(), ms));

async function cancel(relay: Relay, clock: Clock): Promise<void> {
  try {
    await relay.write(CANCEL);
    await pause(FAREWELL, clock);
    await relay.write(ERASE);
  } catch {
    // The line has ended.
  }
}

/** How a receiver begins. */
const READY = "**\x18B01";
/** What a shell says of a program that it does not have. */
const ABSENT = /not found|inaccessible/;
/** ms in which it has to begin. */
const PATIENCE = 30_000;
/** Most output in which its beginning is looked for, bytes. */
const PREAMBLE = 65_536;

/** What came up to the receiver's beginning. @throws JobError when it does not begin. */
function ready(output: Observable<Uint8Array>, { clock, signal }: ServiceContext): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let came = Buffer.alloc(0);
    const done = (settle: () => void) => {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      listening.unsubscribe();
      settle();
    };
    const refuse = () => {
      const lines = came.toString().split(/[\r\n]+/);
      const line = lines.findLast((each) => ABSENT.test(each)) ?? lines.findLast((each) => each.trim() !== "");
      done(() => reject(new JobError(line === undefined ? "it said nothing" : `its shell said: ${line}`)));
    };
    const timer = clock.setTimeout(refuse, PATIENCE);
    const aborted = () => done(() => reject(signal.reason));
    signal.addEventListener("abort", aborted, { once: true });
    const listening = output.subscribe({
      next: (bytes) => {
        came = Buffer.concat([came, bytes]);
        if (came.includes(READY)) done(() => resolve(came));
        else if (ABSENT.test(came.toString()) || came.length > PREAMBLE) refuse();
      },
      complete: refuse,
    });
  });
}

/**
 * Sends a file over the console to the folder in which the board's shell is: `rz` there, `sz` here.
 * Inputs: file (absolute path; the board gets its base name).
 */
export const zmodemSend: Service = {
  name: "zmodem-send",
  programs: () => ["sz"],

  async run(input, context) {
    const { console, log } = context;
    const file = text(input, "file");
    if (!console) throw new LAVABug("There is no console to send a file over");
    const relay = console.relay();
    const heard = new PassThrough();
    let whole = false;
    log.info(`Sending ${basename(file)} over the console`);
    try {
      const begun = ready(relay.output, context);
      await Promise.all([relay.write(Buffer.from(RECEIVE)), begun]);
      heard.write(await begun);
      relay.output.subscribe({ next: (bytes) => heard.write(bytes), complete: () => heard.end() });
      // Everything that a line could take for its own is escaped.
      const words = ["sz", "--binary", "--escape", "-y", file];
      const options = { ...programOptions(context), error: "JobError" } as const;
      for await (const bytes of filterThrough(words, heard, options)) await relay.write(bytes);
      // What the receiver says at its very end is the transfer's, too.
      await pause(FAREWELL, context.clock);
      whole = true;
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      throw new JobError(`The board did not take ${basename(file)}: ${error.message}`, {
        cause: error,
        advice:
          "Look whether its system has the program `rz` (package lrzsz), and whether the line is clean for all bytes.",
      });
    } finally {
      if (!whole) await cancel(relay, context.clock);
      relay.end();
    }
    return undefined;
  },
};

import { sleep } from "./download/sleep.js";
import type { Service } from "./types.js";

/** ms in which nothing must come for a console to count as silent. */
const SILENCE = 100;

/**
 * Lets what still comes on the namespace's console reach the log, until it is silent; at the end closes the console.
 * Inputs: seconds (longest time to listen), finish (close it then).
 */
export const readFeedback: Service = {
  name: "read-feedback",
  pure: () => true,

  async run(input, context) {
    const { console, signal, hurry, clock, log } = context;
    if (!console) return undefined;
    const { namespace } = context.action;
    const seconds = typeof input.seconds === "number" ? input.seconds : 1;
    if (!console.isClosed) {
      log.debug(`Listening to the connection of namespace '${namespace}' for up to ${seconds}s`);
      const over = new AbortController();
      const timer = clock.setTimeout(() => over.abort(), seconds * 1000);
      const waiting = { clock, signal: AbortSignal.any([signal, hurry, over.signal]) };
      const listen = sleep(SILENCE, waiting).then(() => console.silence(SILENCE, waiting.signal));
      await Promise.race([listen.catch(() => {}), console.closed]);
      clock.clearTimeout(timer);
      over.abort();
    }
    if (input.finish === true) {
      log.info(`Finalising connection for namespace '${namespace}'`);
      context.setConsole(undefined);
      await console.close();
    }
    signal.throwIfAborted();
    return undefined;
  },
};

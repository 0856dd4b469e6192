import type { Service } from "./types.js";

/** ms without output after which a console counts as silent at the end of a job. */
const SILENCE = 100;

/**
 * Lets what still comes on the namespace's console reach the log; at the end closes the console.
 * Inputs: seconds (longest time to listen), finish (close it, and stop listening as soon as it is silent).
 */
export const readFeedback: Service = {
  name: "read-feedback",

  async run(input, context) {
    const { console, signal, hurry, clock, log } = context;
    if (!console) return undefined;
    const { namespace } = context.action;
    const seconds = typeof input.seconds === "number" ? input.seconds : 1;
    if (!console.isClosed) {
      log.debug(`Listening to the connection of namespace '${namespace}' for up to ${seconds}s`);
      const over = new AbortController();
      const timer = clock.setTimeout(() => over.abort(), seconds * 1000);
      const stop = AbortSignal.any([signal, hurry, over.signal]);
      const enough = input.finish === true ? SILENCE : seconds * 1000;
      await Promise.race([console.silence(enough, stop).catch(() => {}), console.closed]);
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

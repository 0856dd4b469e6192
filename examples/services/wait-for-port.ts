import { connect } from "node:net";
import { InfrastructureError } from "../../src/base/errors.js";
import type { Service } from "../../src/services/types.js";

/** ms between two tries. */
const PAUSE = 500;

/** Whether something answers; never throws. */
const answers = (host: string, port: number, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/**
 * Waits until a TCP port of the board answers, e.g. its SSH server. Inputs: host, port, tries. The action's deadline
 * ends it earlier: the signal is aborted then.
 */
export const waitForPort: Service = {
  name: "wait-for-port",

  async run(input, { signal, clock, log }) {
    const { host, port, tries } = input as { host: string; port: number; tries: number };
    for (let attempt = 1; attempt <= tries; attempt++) {
      if (await answers(host, port, signal)) {
        log.info(`${host} port ${port} answers`);
        return { extra: { attempts: attempt } };
      }
      signal.throwIfAborted();
      log.debug(`${host} port ${port} does not answer yet (${attempt} of ${tries})`);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, PAUSE));
    }
    throw new InfrastructureError(`${host} port ${port} did not answer in ${tries} tries`, {
      advice: "Look at the board's network cable and at its address in the device dictionary.",
    });
  },
};

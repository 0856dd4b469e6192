import { dispatcherIp } from "./dispatcher-ip.js";
import type { Service } from "./types.js";

/** No inputs. Data: dispatcher.ip, the address under which the board reaches this dispatcher; nothing where there is none. */
export const dispatcherAddress: Service = {
  name: "dispatcher-address",
  async run(_input, { dispatcher, log }) {
    try {
      return { data: { dispatcher: { ip: dispatcherIp(dispatcher) } } };
    } catch (error) {
      log.debug((error as Error).message);
      return undefined;
    }
  },
};

import { dispatcherIp } from "./dispatcher-ip.js";
import { optionalText } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/**
 * Inputs: protocol? (`http`, `nfs` or `tftp`: the dispatcher may have an address for each).
 * Data: dispatcher.ip, the address under which the board reaches this dispatcher; nothing where there is none.
 */
export const dispatcherAddress: Service = {
  name: "dispatcher-address",
  async run(input, { dispatcher, log }) {
    try {
      const protocol = optionalText(input, "protocol") as Parameters<typeof dispatcherIp>[1];
      return { data: { dispatcher: { ip: dispatcherIp(dispatcher, protocol) } } };
    } catch (error) {
      log.debug((error as Error).message);
      return undefined;
    }
  },
};

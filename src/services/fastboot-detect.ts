import { makeError } from "../base/errors.js";
import { sleep } from "./download/sleep.js";
import { listedDevices } from "./fastboot-enter.js";
import { preparePlace, runInPlace } from "./tool/tool-place.js";
import type { Service } from "./types.js";

/** ms between two looks. */
const LOOK = 1_000;

/**
 * Waits for the one device that fastboot sees: its serial number is the device's from then on.
 * Inputs: container? (docker map). Data: fastboot {serial}.
 */
export const fastbootDetect: Service = {
  name: "fastboot-detect",
  programs: ({ input, parameters }) => ((input.container ?? parameters.docker) ? ["docker"] : ["fastboot"]),

  async run(input, context) {
    const { log, clock, signal, action } = context;
    await preparePlace(input, context);
    for (;;) {
      const serials = [...listedDevices(await runInPlace(["fastboot", "devices"], input, context)).keys()];
      const [serial] = serials;
      if (serials.length > 1)
        throw makeError(action.commandError, `Fastboot sees several devices: ${serials.join(", ")}`, {
          advice:
            "Give the device configuration a `fastboot_serial_number`, or let each device have a worker of its own.",
        });
      if (serial !== undefined) {
        log.info(`the device is ${serial}`);
        return { data: { fastboot: { serial } } };
      }
      await sleep(LOOK, { clock, signal });
    }
  },
};

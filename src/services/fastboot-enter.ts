import { makeError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { sleep } from "./download/sleep.js";
import { text } from "./overlay/inputs.js";
import { preparePlace, runInPlace } from "./tool/tool-place.js";
import type { Service, ServiceContext } from "./types.js";

/** ms between two looks for a device that is on its way into its bootloader. */
const LOOK = 1_000;

/** Serial numbers and states that `adb devices` or `fastboot devices` lists. */
export function listedDevices(output: string): { [serial: string]: string } {
  return Object.fromEntries(
    output.split(/\r?\n/).flatMap((line) => {
      const [, serial, state] =
        /^(\S+)\s+(device|fastbootd?|bootloader|recovery|offline|unauthorized)\b/.exec(line) ?? [];
      return serial && state ? [[serial, state]] : [];
    }),
  );
}

const inFastboot = async (serial: string, input: JsonMap, context: ServiceContext): Promise<boolean> =>
  serial in listedDevices(await runInPlace(["fastboot", "devices"], input, context));

/**
 * Brings a device into fastboot: one that runs Android by adb, one that waits there already stays. The action's time ends it.
 * Inputs: adb_serial, serial, container? (docker map). Data: fastboot {serial}.
 */
export const fastbootEnter: Service = {
  name: "fastboot-enter",
  programs: ({ input, parameters }) => ((input.container ?? parameters.docker) ? ["docker"] : ["adb", "fastboot"]),

  async run(input, context) {
    const { log, clock, signal, action } = context;
    const serial = text(input, "serial");
    const adb = text(input, "adb_serial");
    await preparePlace(input, context);
    const state = listedDevices(await runInPlace(["adb", "devices"], input, context))[adb];
    if (state === "device" || state === "recovery") {
      log.debug(`the device runs (${state}): it is rebooted into its bootloader`);
      await runInPlace(["adb", "-s", adb, "reboot", "bootloader"], input, context);
      while (!(await inFastboot(serial, input, context))) await sleep(LOOK, { clock, signal });
    } else if (!(await inFastboot(serial, input, context)))
      throw makeError(
        action.commandError,
        `Neither adb nor fastboot sees the device (adb ${adb}, fastboot ${serial})`,
        {
          advice:
            state === "unauthorized"
              ? "The device asks whether this machine may use adb: allow it on its screen."
              : "Look at the USB cable, and at the serial numbers in the device configuration.",
        },
      );
    log.info(`the device ${serial} is in fastboot`);
    return { data: { fastboot: { serial } } };
  },
};

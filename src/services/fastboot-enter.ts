import type { JsonMap } from "../base/json.js";
import { text, texts } from "./overlay/inputs.js";
import { preparePlace, runInPlace } from "./tool/tool-place.js";
import type { Service, ServiceContext } from "./types.js";

/** Serial numbers and states that `adb devices` or `fastboot devices` lists. */
export function listedDevices(output: string): Map<string, string> {
  return new Map(
    output.split(/\r?\n/).flatMap((line) => {
      const [, serial, state] =
        /^(\S+)\s+(device|fastbootd?|bootloader|recovery|offline|unauthorized)\b/.exec(line) ?? [];
      return serial && state ? [[serial, state] as const] : [];
    }),
  );
}

/** The state in which adb sees the device; an adb that fails sees none. */
async function stateInAdb(serial: string, input: JsonMap, context: ServiceContext): Promise<string | undefined> {
  try {
    await runInPlace(["adb", "start-server"], input, context);
    return listedDevices(await runInPlace(["adb", "devices"], input, context)).get(serial);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warning(`adb sees nothing: ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * Reboots a device into its bootloader: by adb when it runs Android, by fastboot when it waits there already (what was
 * flashed just now is what runs then). One that neither lists is left to fastboot, which waits for it: a device on the
 * network is in no list.
 * Inputs: adb_serial, serial, options? (further words of fastboot), container? (docker map). Data: fastboot {serial}.
 */
export const fastbootEnter: Service = {
  name: "fastboot-enter",
  programs: ({ input, parameters }) => ((input.container ?? parameters.docker) ? ["docker"] : ["adb", "fastboot"]),

  async run(input, context) {
    const { log } = context;
    const serial = text(input, "serial");
    const adb = text(input, "adb_serial");
    const entered = { data: { fastboot: { serial } } };
    await preparePlace(input, context);
    const state = await stateInAdb(adb, input, context);
    if (state === "unauthorized")
      log.warning("The device asks whether this machine may use adb: allow it on its screen");
    else if (state !== undefined) {
      log.debug(`the device runs (${state}): it is rebooted into its bootloader`);
      await runInPlace(["adb", "-s", adb, "reboot-bootloader"], input, context);
      return entered;
    }
    const listed = listedDevices(await runInPlace(["fastboot", "devices"], input, context));
    if (listed.has(serial))
      await runInPlace(["fastboot", "-s", serial, "reboot-bootloader", ...texts(input, "options")], input, context);
    else log.warning(`Neither adb (${adb}) nor fastboot (${serial}) lists the device: fastboot waits for it`);
    return entered;
  },
};

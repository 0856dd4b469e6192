import { ConfigurationError } from "../base/errors.js";
import { isMap } from "../base/json.js";
import {
  appearance,
  type DeviceHost,
  type DeviceMatch,
  describeMatch,
  deviceMatch,
  findDevices,
  HOST,
  isSpecific,
} from "./devices/usb-devices.js";
import { sleep } from "./download/sleep.js";
import { dig } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/** ms between two looks. */
const LOOK = 250;

const wanted = (value: unknown): DeviceMatch[] =>
  (Array.isArray(value) ? value : [value])
    .filter((each) => isMap(each))
    .map(deviceMatch)
    .filter(isSpecific);

/** The device file that is there, and what tells this appearance of it from the next. */
async function look(match: DeviceMatch, host: DeviceHost): Promise<{ node: string; identity: string } | undefined> {
  const [node] = await findDevices(match, host);
  if (node === undefined) return undefined;
  return {
    node,
    identity: (match.path && (await appearance(match.path, host))) || `${node} ${await appearance(node, host)}`,
  };
}

/**
 * Waits until the worker has a device: all of `match` must be there. It ends only so, or with its action's time.
 * Inputs: match ([{serial, vendor, product, name, kind, driver, label, path}], see devices/usb-devices.ts), change? (the
 * device has to go away and come anew), settle? (ms to wait then). Data: devices [its device files].
 */
export const deviceWaiter = (host: DeviceHost): Service => ({
  name: "wait-for-device",

  async validate(input) {
    if (!("match" in input) || wanted(input.match).length > 0) return [];
    return [
      new ConfigurationError("It is not known which device to wait for", {
        advice: "Give the device configuration a `board_id`, or what else tells the device from others.",
      }),
    ];
  },

  async run(input, context) {
    const { log, clock, signal } = context;
    const devices = wanted(input.match);
    if (devices.length === 0) throw new ConfigurationError("It is not known which device to wait for");
    const nodes: string[] = [];
    for (const match of devices) {
      log.debug(`Waiting for the device with ${describeMatch(match)}`);
      // One that was mounted before is another one when it has come anew since, even before this wait.
      const mounted = match.path !== undefined && dig(context.data, "mount", "appearance");
      const before = input.change !== true ? undefined : mounted || (await look(match, host))?.identity;
      let found = await look(match, host);
      while (!found || found.identity === before) {
        await sleep(LOOK, { clock, signal });
        found = await look(match, host);
      }
      log.info(`The device is there: ${found.node}`);
      nodes.push(found.node);
    }
    if (typeof input.settle === "number" && input.settle > 0) await sleep(input.settle, { clock, signal });
    return { data: { devices: nodes } };
  },
});

export const waitForDevice = deviceWaiter(HOST);

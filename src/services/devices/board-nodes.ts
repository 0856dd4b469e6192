/** The device files of the board that runs the job, as containers get them. */
import { isMap, type Json, type JsonMap } from "../../base/json.js";
import { type DeviceHost, type DeviceMatch, deviceMatch, findDevices } from "./usb-devices.js";

/** What a device's `device_info` says of each of its devices on the worker: all that is given must hold (spec device.md §1). */
export const deviceInfoMatches = (infos: Json | undefined): DeviceMatch[] =>
  (Array.isArray(infos) ? infos : []).filter(isMap).map((info) =>
    deviceMatch({
      serial: info.board_id ?? null,
      vendor: info.usb_vendor_id ?? null,
      product: info.usb_product_id ?? null,
      label: info.fs_label ?? null,
    }),
  );

/**
 * The device files that are there now: those of `device_info`, and those with the serial numbers that the device gives
 * its board. `detected`: the serial number that fastboot was seen with.
 */
export async function boardNodes(device: JsonMap, detected: Json | undefined, host: DeviceHost): Promise<string[]> {
  const serials = [device.board_id, detected ?? device.fastboot_serial_number];
  const matches = [
    ...deviceInfoMatches(device.device_info),
    ...serials.map((serial) => deviceMatch({ serial: serial ?? null })),
  ];
  const found = await Promise.all(matches.map((match) => findDevices(match, host)));
  return [...new Set(found.flat())];
}

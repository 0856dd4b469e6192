/** What hangs on the worker's USB, as the kernel tells in /sys; no udev rules and no tool are needed. */
import { readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { JsonMap } from "../../base/json.js";

/** Where the kernel shows its devices; tests give folders of their own. */
export interface DeviceHost {
  sys: string;
  dev: string;
}
export const HOST: DeviceHost = { sys: "/sys", dev: "/dev" };

export interface UsbDevice {
  serial?: string;
  /** Four hexadecimal digits. */
  vendor?: string;
  product?: string;
  /** The device's own name (iProduct). */
  name?: string;
  /** The file below /dev/bus/usb. */
  node?: string;
  /** Serial lines that its interfaces make, with the drivers of these. */
  ttys: { node: string; driver: string | undefined }[];
}

/** What a device is known by; keys that are null or absent do not count. All that are given must hold. */
export interface DeviceMatch {
  serial?: string;
  vendor?: string;
  product?: string;
  name?: string;
  /** `tty`: a serial line of the device is there. */
  kind?: string;
  /** Driver of that line. */
  driver?: string;
  /** Label of a file system. */
  label?: string;
  /** A device file. */
  path?: string;
}

const KEYS = ["serial", "vendor", "product", "name", "kind", "driver", "label", "path"] as const;

/** The keys of a match that count: texts that are not empty. */
export function deviceMatch(value: JsonMap): DeviceMatch {
  const given = KEYS.filter((key) => value[key] !== undefined && value[key] !== null && value[key] !== "");
  return Object.fromEntries(given.map((key) => [key, String(value[key])]));
}

/** Whether a match says which device is meant; a kind and a driver alone are no device. */
export const isSpecific = (match: DeviceMatch): boolean =>
  KEYS.some((key) => key !== "kind" && key !== "driver" && match[key] !== undefined);

export const describeMatch = (match: DeviceMatch): string =>
  Object.entries(match)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

const attribute = async (folder: string, name: string): Promise<string | undefined> =>
  (await readFile(join(folder, name), "utf8").catch(() => undefined))?.trim();

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function ttysOf(device: string, host: DeviceHost): Promise<UsbDevice["ttys"]> {
  const found: UsbDevice["ttys"] = [];
  for (const name of await list(device)) {
    if (!name.includes(":")) continue;
    const folder = join(device, name);
    const driver = await readlink(join(folder, "driver")).then(basename, () => undefined);
    // cdc_acm puts its lines below `tty`, usb-serial drivers straight into the interface.
    const lines = [...(await list(join(folder, "tty"))), ...(await list(folder)).filter((each) => /^tty./.test(each))];
    found.push(...lines.map((line) => ({ node: join(host.dev, line), driver })));
  }
  return found;
}

/** All USB devices that the kernel knows now. */
export async function usbDevices(host: DeviceHost): Promise<UsbDevice[]> {
  const bus = join(host.sys, "bus/usb/devices");
  const devices = await Promise.all(
    (await list(bus)).map(async (entry): Promise<UsbDevice | undefined> => {
      const folder = join(bus, entry);
      const vendor = await attribute(folder, "idVendor");
      if (vendor === undefined) return undefined;
      const [product, serial, name, bus_, number] = await Promise.all(
        ["idProduct", "serial", "product", "busnum", "devnum"].map((each) => attribute(folder, each)),
      );
      const three = (text: string) => text.padStart(3, "0");
      return {
        vendor,
        ...(product !== undefined && { product }),
        ...(serial !== undefined && { serial }),
        ...(name !== undefined && { name }),
        ...(bus_ !== undefined &&
          number !== undefined && { node: join(host.dev, "bus/usb", three(bus_), three(number)) }),
        ttys: await ttysOf(folder, host),
      };
    }),
  );
  return devices.filter((device) => device !== undefined);
}

/** udev writes characters outside of this set as `\xNN` in the names of its links. */
const linkName = (label: string): string =>
  [...Buffer.from(label)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return byte > 127 || /[\w#+.:=@-]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");

/** The device file that a path or a label names, or undefined while there is none. */
async function fileOf(match: DeviceMatch, host: DeviceHost): Promise<string | undefined> {
  const path =
    match.path ?? join(host.dev, "disk/by-label", Buffer.from(linkName(match.label ?? ""), "latin1").toString());
  const inside = match.path?.startsWith("/dev/") ? join(host.dev, path.slice("/dev/".length)) : path;
  return realpath(inside).catch(() => undefined);
}

/** Device files of what matches, in no order: the USB device itself and its serial lines, or the file of a path or label. */
export async function findDevices(match: DeviceMatch, host: DeviceHost): Promise<string[]> {
  if (!isSpecific(match)) return [];
  if (match.path !== undefined || match.label !== undefined) {
    const file = await fileOf(match, host);
    return file === undefined ? [] : [file];
  }
  const same = (value: string | undefined, wanted: string | undefined, fold = false) =>
    wanted === undefined || value === wanted || (fold && value?.toLowerCase() === wanted.toLowerCase());
  return (await usbDevices(host))
    .filter(
      (device) =>
        same(device.serial, match.serial) &&
        same(device.vendor, match.vendor, true) &&
        same(device.product, match.product, true) &&
        same(device.name, match.name),
    )
    .flatMap((device) => {
      const ttys = device.ttys.filter(({ driver }) => same(driver, match.driver)).map(({ node }) => node);
      if (match.kind === "tty") return ttys;
      return [...(device.node === undefined ? [] : [device.node]), ...ttys];
    });
}

/** Tells one appearance of a device file from the next: it changes when the device goes and comes again. */
export async function appearance(path: string, host: DeviceHost = HOST): Promise<string | undefined> {
  const file = await fileOf({ path }, host);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  return found && `${file} ${found.ino} ${found.ctimeMs}`;
}

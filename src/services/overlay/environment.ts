/** The overlay's `environment` file (spec test-shell.md §1). */

import { isMap, type Json, type JsonMap } from "../../base/json.js";
import { plainText } from "./python-text.js";
import { shellQuote } from "./shell-quote.js";

/** A variable: its name and its value as a shell word. */
export type Variable = [name: string, value: string];

const NAME = /^[A-Za-z_]\w*$/;

function shellValue(value: Json): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  return typeof value === "number" ? plainText(value) : shellQuote(plainText(value));
}

/** A value with its nested maps and lists flattened: `{a: [1]}` below `K` gives `K_a_0=1`. */
export function flatten(name: string, value: Json): Variable[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(`${name}_${index}`, item));
  if (isMap(value)) return Object.entries(value).flatMap(([key, item]) => flatten(`${name}_${key}`, item));
  return [[name, shellValue(value)]];
}

/** Variables given by name; what no shell accepts as a name goes to `unfit`, as it would end the reading of the file. */
function named(map: Json | undefined, unfit: (name: string) => void): Variable[] {
  if (!isMap(map)) return [];
  const variables = Object.entries(map).flatMap(([key, value]) => flatten(key, value));
  return variables.filter(([name]) => NAME.test(name) || unfit(name));
}

/** Variables made of a device's lists; characters that no name may have become `_`. */
const listed = (prefix: string, list: Json | undefined): Variable[] =>
  Array.isArray(list) ? flatten(prefix, list).map(([name, value]) => [name.replace(/\W/g, "_"), value]) : [];

/**
 * Variables of the device and the job, in the order in which later ones win.
 * @param unfit told of each name that no shell accepts, and of whose it is
 */
export function givenVariables(
  device: JsonMap,
  environment: JsonMap,
  unfit: (name: string, whose: "device" | "job") => void,
): Variable[] {
  const own = named(device.environment, (name) => unfit(name, "device"));
  const given = named(environment, (name) => unfit(name, "job"));
  const known = new Map(own);
  return [
    ...own,
    ...listed("LAVA_DEVICE_INFO", device.device_info),
    ...listed("LAVA_STATIC_INFO", device.static_info),
    ...listed("LAVA_STORAGE_INFO", device.storage_info),
    // What only repeats the device's own says nothing new.
    ...given.filter(([name, value]) => known.get(name) !== value),
  ];
}

/** Variables about the job itself; undefined: not known, so not exported. */
export function jobVariables(known: {
  jobId: string;
  job: JsonMap;
  device: JsonMap;
  dispatcher: JsonMap;
  ip: string | undefined;
}): [name: string, value: string | undefined][] {
  const { jobId, job, device, dispatcher, ip } = known;
  const word = (value: Json | undefined) =>
    value === undefined || value === null || value === "" ? undefined : shellQuote(plainText(value));
  const tags = Array.isArray(job.tags) ? job.tags.map(plainText).join(",") : "";
  return [
    ["LAVA_JOB_ID", shellQuote(jobId)],
    ["LAVA_DISPATCHER_IP", word(ip)],
    ["LAVA_JOB_TAGS", shellQuote(tags)],
    ["LAVA_DISPATCHER_PREFIX", word(dispatcher.prefix) ?? "''"],
    ["LAVA_DEVICE_HOSTNAME", word(device.hostname)],
    ["LAVA_DEVICE_TYPE", word(device.devicetype)],
    ["HTTP_CACHE", word(dispatcher.http_url_format_string)],
  ];
}

/** Lines of the file. */
export const exportLines = (variables: Variable[]): string =>
  variables.map(([name, value]) => `export ${name}=${value}\n`).join("");

/** What a device says about its containers, as options of `docker run` (spec device.md §4, method `docker`). */
import { isMap, type Json, type JsonMap } from "../../base/json.js";
import { splitWords } from "../programs.js";

const list = (value: Json | undefined): string[] =>
  (value === undefined || value === null ? [] : Array.isArray(value) ? value.flat(9) : [value])
    .filter((each) => each !== null)
    .map(String);

/** cpus, memory, privileged, capabilities, devices, networks, volumes, extra_arguments; zero and empty say nothing. */
export function containerOptions(options: JsonMap): string[] {
  const each = (flag: string, key: string) => list(options[key]).map((value) => `${flag}=${value}`);
  return [
    ...(Number(options.cpus ?? 0) > 0 ? [`--cpus=${options.cpus}`] : []),
    ...(options.memory ? [`--memory=${options.memory}`] : []),
    ...(options.privileged === true ? ["--privileged"] : []),
    ...each("--cap-add", "capabilities"),
    ...each("--device", "devices"),
    ...each("--network", "networks"),
    ...each("--volume", "volumes"),
    ...list(options.extra_arguments).flatMap(splitWords),
  ];
}

/**
 * Options before `run`, for an engine on another machine: of a map with `remote` (its address), or with `remote_options` (a
 * text that is split by shell rules).
 */
export const remoteOptions = (map: Json | undefined): string[] =>
  isMap(map)
    ? [
        ...(typeof map.remote === "string" && map.remote !== "" ? ["--host", map.remote] : []),
        ...(typeof map.remote_options === "string" ? splitWords(map.remote_options) : []),
      ]
    : [];

/** What a device adds to all of its containers: `global_options` before `run`, `options` after it; nulls say nothing. */
export const ownOptions = (map: Json | undefined): { globalOptions: string[]; options: string[] } => ({
  globalOptions: isMap(map) ? list(map.global_options) : [],
  options: isMap(map) ? list(map.options) : [],
});

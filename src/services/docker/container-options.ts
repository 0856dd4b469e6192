/** What a device says about its containers, as options of `docker run` (spec device.md §4, method `docker`). */
import { isMap, type Json, type JsonMap } from "../../base/json.js";

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
    ...list(options.extra_arguments),
  ];
}

/** Options before `run` for an engine on another machine: of a map with `remote`. */
export const remoteOptions = (map: Json | undefined): string[] =>
  isMap(map) && typeof map.remote === "string" && map.remote !== "" ? ["--host", map.remote] : [];

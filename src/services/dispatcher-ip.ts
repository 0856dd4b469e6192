import { readFileSync } from "node:fs";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { InfrastructureError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";

/** What the machine says of its network; given by tests. */
export interface HostNetwork {
  /** Text of /proc/net/route. */
  routes(): string;
  interfaces(): { [name: string]: NetworkInterfaceInfo[] | undefined };
}

const HOST: HostNetwork = { routes: () => readFileSync("/proc/net/route", "utf8"), interfaces: networkInterfaces };

const RTF_GATEWAY = 2;

/** Name of the interface that the default route with the lowest metric uses. */
function defaultInterface(routes: string): string | undefined {
  return routes
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([, to, , flags]) => to === "00000000" && Number.parseInt(flags ?? "0", 16) & RTF_GATEWAY)
    .sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

/**
 * The address under which a board reaches this dispatcher (spec runtime.md §7): the configuration's
 * `dispatcher_<protocol>_ip`, then `dispatcher_ip`, then the IPv4 address of the default route's interface.
 * @throws InfrastructureError when there is none
 */
export function dispatcherIp(
  dispatcher: JsonMap,
  protocol?: "http" | "nfs" | "tftp",
  host: HostNetwork = HOST,
): string {
  for (const key of protocol ? [`dispatcher_${protocol}_ip`, "dispatcher_ip"] : ["dispatcher_ip"]) {
    const value = dispatcher[key];
    if (typeof value === "string" && value !== "") return value;
  }
  let name: string | undefined;
  try {
    name = defaultInterface(host.routes());
  } catch {
    // No such file on this system: same answer as no route.
  }
  const address =
    name === undefined ? undefined : host.interfaces()[name]?.find(({ family }) => family === "IPv4")?.address;
  if (address) return address;
  throw new InfrastructureError(
    "This dispatcher has no IPv4 address that boards could reach: it has no default route",
    {
      advice: "Set `dispatcher_ip` in the dispatcher's configuration.",
    },
  );
}

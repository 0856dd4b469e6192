/** Starts a container and opens a console on the program in it. */

import { mkdir } from "node:fs/promises";
import { DispatchError } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { boardNodes, deviceInfoMatches } from "./devices/board-nodes.js";
import { type DeviceHost, describeMatch, findDevices, HOST, isSpecific } from "./devices/usb-devices.js";
import { mapDevices } from "./devices/usb-map.js";
import { allowedDevices } from "./docker/devices.js";
import { type DockerMap, dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { type BindMount, dockerRunArguments } from "./docker/run-arguments.js";
import { downloadsOf } from "./files/name-inside.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { type Overlay, resultsFolder } from "./overlay/layout.js";
import { plainText } from "./overlay/python-text.js";
import { runProgram } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** Lists of the device's configuration: nulls say nothing. */
const words = (input: JsonMap, key: string): string[] =>
  texts(
    {
      [key]: Array.isArray(input[key]) ? (input[key] as Json[]).filter((word) => word !== null) : (input[key] ?? null),
    },
    key,
  );

/** `[source, destination, "rw"?]`, or a text for a path that is the same on both sides; without "rw" it is only read. */
function bindMounts(list: Json | undefined): BindMount[] {
  return (Array.isArray(list) ? list : []).map((entry): BindMount => {
    const [source = "", destination = source, mode] = Array.isArray(entry) ? entry.map(plainText) : [plainText(entry)];
    return { source, destination, ...(mode !== "rw" && { readOnly: true }) };
  });
}

function containerName(
  input: JsonMap,
  { containerName: given }: DockerMap,
  { jobId, action }: Pick<ServiceContext, "action" | "jobId">,
): string {
  const prefix = optionalText(input, "prefix");
  return given ?? `lava-docker-test-shell-${prefix ? `${prefix}-` : ""}${jobId}-${action.level}`;
}

/** The whole `docker run` of a test shell. */
export function shellArguments(
  input: JsonMap,
  docker: DockerMap,
  context: Pick<ServiceContext, "action" | "jobId" | "paths">,
  devices: string[] = [],
): string[] {
  const { paths } = context;
  const overlay = isMap(input.overlay) ? (input.overlay as unknown as Overlay) : undefined;
  const downloads = optionalText(input, "downloads");
  return dockerRunArguments({
    image: docker.image,
    name: containerName(input, docker, context),
    ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
    globalOptions: words(input, "global_options"),
    options: words(input, "options"),
    mounts: [
      ...(overlay ? [{ source: resultsFolder(overlay), destination: overlay.results_dir }] : []),
      ...(downloads ? [{ source: downloadsOf(paths, downloads), destination: "/lava-downloads" }] : []),
      ...bindMounts(input.bind_mounts),
    ],
    environment: Object.fromEntries(
      Object.entries(map(input, "environment")).map(([name, value]) => [name, plainText(value)]),
    ),
    devices,
    terminal: true,
    command: texts(input, "command"),
  });
}

/** The board's own devices for a container on this machine; one elsewhere has the devices of its machine. */
async function boardDevices(
  input: JsonMap,
  name: string,
  context: ServiceContext,
  host: DeviceHost,
): Promise<string[]> {
  const infos = Array.isArray(input.device_info) ? input.device_info : [];
  const isRemote = words(input, "global_options").some((word) => /^(-H|--host)\b/.test(word));
  if (infos.length === 0 || isRemote) return [];
  const { log } = context;
  const nodes = await boardNodes({ device_info: infos }, undefined, host);
  const later = await mapDevices(infos, name, optionalText(input, "map_folder"), context);
  for (const match of deviceInfoMatches(infos).filter(isSpecific))
    if ((await findDevices(match, host)).length === 0)
      log.warning(
        `The device with ${describeMatch(match)} is not here${later ? " yet: it reaches the container when it comes" : ", and the container will not see it"}`,
      );
  if (nodes.length > 0) log.info(`The container gets ${nodes.join(", ")}`);
  return nodes;
}

/**
 * Inputs: docker (the job's docker map), prefix? (of the dispatcher), global_options, options (of the device), overlay?
 * (data.overlay), downloads? (namespace whose downloads are seen as /lava-downloads), bind_mounts, environment, command,
 * device_info? (of the device: its USB devices that the container gets), map_folder? (where udev's rules look for what
 * comes later). The container is removed when the job ends or the action is tried again.
 */
export const dockerShellOn = (host: DeviceHost): Service => ({
  name: "docker-shell",
  opensConsole: true,
  programs: () => ["docker"],

  async validate(input, context) {
    if (input.docker === undefined) return [];
    try {
      shellArguments(input, dockerMapOf(input.docker, context.jobId), context);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const { jobId, paths, signal, clock, env, log } = context;
    const docker = dockerMapOf(input.docker, jobId);
    const globalOptions = words(input, "global_options");
    const name = containerName(input, docker, context);
    const devices = [
      ...(await allowedDevices(docker.devices, log)),
      ...(await boardDevices(input, name, context, host)),
    ];
    const argv = shellArguments(input, docker, context, devices);
    if (typeof input.downloads === "string") await mkdir(downloadsOf(paths, input.downloads), { recursive: true });
    await prepareImage(docker, globalOptions, context);
    context.onCleanup(async (signal) => {
      // It is gone already when its shell has ended.
      await runProgram(["docker", ...globalOptions, "rm", "--force", name], { ...context, signal, quiet: true });
    });
    log.info(`Starting the container ${name} of ${docker.image}`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(argv, { signal, clock, env, cwd: paths.work });
    context.setConsole(context.openConsole(connection, name));
    return undefined;
  },
});

export const dockerShell = dockerShellOn(HOST);

/** Starts a container and opens a console on the program in it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DispatchError } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { type DockerMap, dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { type BindMount, dockerRunArguments } from "./docker/run-arguments.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { type Overlay, resultsFolder } from "./overlay/layout.js";
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

/** `[source, destination, "ro"?]`, or a text for a path that is the same on both sides. */
function bindMounts(list: Json | undefined): BindMount[] {
  return (Array.isArray(list) ? list : []).map((entry): BindMount => {
    const [source = "", destination = source, mode] = Array.isArray(entry) ? entry.map(String) : [String(entry)];
    return { source, destination, ...(mode === "ro" && { readOnly: true }) };
  });
}

/** The whole `docker run` of a test shell. */
export function shellArguments(
  input: JsonMap,
  docker: DockerMap,
  context: Pick<ServiceContext, "action" | "jobId" | "paths">,
): string[] {
  const { action, jobId, paths } = context;
  const prefix = optionalText(input, "prefix");
  const overlay = isMap(input.overlay) ? (input.overlay as unknown as Overlay) : undefined;
  const downloads = optionalText(input, "downloads");
  return dockerRunArguments({
    image: docker.image,
    name: docker.containerName ?? `lava-docker-test-shell-${prefix ? `${prefix}-` : ""}${jobId}-${action.level}`,
    ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
    globalOptions: words(input, "global_options"),
    options: words(input, "options"),
    mounts: [
      ...(overlay ? [{ source: resultsFolder(overlay), destination: overlay.results_dir }] : []),
      ...(downloads ? [{ source: downloadsFolder(paths.work, downloads), destination: "/lava-downloads" }] : []),
      ...bindMounts(input.bind_mounts),
    ],
    environment: Object.fromEntries(
      Object.entries(map(input, "environment")).map(([name, value]) => [name, String(value)]),
    ),
    terminal: true,
    command: texts(input, "command"),
  });
}

const downloadsFolder = (work: string, namespace: string): string =>
  join(work, "downloads", namespace.replaceAll("/", "_").replace(/^\.+$/, "_"));

/**
 * Inputs: docker (the job's docker map), prefix? (of the dispatcher), global_options, options (of the device), overlay?
 * (data.overlay), downloads? (namespace whose downloads are seen as /lava-downloads), bind_mounts, environment, command.
 * The container is removed when the job ends or the action is tried again.
 */
export const dockerShell: Service = {
  name: "docker-shell",
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
    const argv = shellArguments(input, docker, context);
    if (typeof input.downloads === "string")
      await mkdir(downloadsFolder(paths.work, input.downloads), { recursive: true });
    await prepareImage(docker, globalOptions, context);
    const name = argv.find((word) => word.startsWith("--name="))?.slice("--name=".length) ?? "";
    context.onCleanup(async () => {
      // It is gone already when its shell has ended.
      const still = new AbortController().signal;
      await runProgram(["docker", ...globalOptions, "rm", "--force", name], { ...context, signal: still, quiet: true });
    });
    log.info(`Starting the container ${name} of ${docker.image}`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(argv, { signal, clock, env, cwd: paths.work });
    context.setConsole(context.openConsole(connection, name));
    return { extra: { container: name, image: docker.image } };
  },
};

import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { DispatchError, InfrastructureError } from "../base/errors.js";
import { writeFresh } from "../base/fresh-file.js";
import type { JsonMap } from "../base/json.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { ownOptions } from "./docker/container-options.js";
import { allowedDevices, presentDevices } from "./docker/devices.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { dockerRunArguments } from "./docker/run-arguments.js";
import { downloadsOf } from "./files/name-inside.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { mustSucceed, runProgram } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** Where the container sees the downloads of the namespace, and the script with the job's steps among them. */
const DOWNLOADS = "/lava-downloads";
const SCRIPT = "postprocess.sh";

/** What the steps are told of the job and its dispatcher, beside the job's own variables. */
function surroundings({ jobId, dispatcher, log }: ServiceContext): JsonMap {
  const cache = optionalText(dispatcher, "http_url_format_string");
  const told: JsonMap = { LAVA_JOB_ID: jobId };
  try {
    told.LAVA_DISPATCHER_IP = dispatcherIp(dispatcher);
  } catch (error) {
    if (!(error instanceof InfrastructureError)) throw error;
    log.warning(error.message);
  }
  return {
    ...told,
    LAVA_DISPATCHER_PREFIX: optionalText(dispatcher, "prefix") ?? "",
    ...(cache && { HTTP_CACHE: cache }),
  };
}

/**
 * Runs a job's steps in a container of its own, with the namespace's downloads as the working directory: the shell that
 * reads them is the container's. The first step that fails ends them.
 * Inputs: container (docker map), container_options? (of the device), steps, present? (device files that it gets where this
 * machine has them), environment? (beside what the service knows of the job), overlay? (file that lies among the downloads then).
 */
export const containerSteps: Service = {
  name: "container-steps",
  programs: () => ["docker"],

  async validate(input, { jobId }) {
    try {
      if (input.container) dockerMapOf(input.container, jobId);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const { action, paths, jobId, log } = context;
    const docker = dockerMapOf(input.container, jobId);
    const folder = downloadsOf(paths, action.namespace);
    await mkdir(folder, { recursive: true });
    writeFresh(
      join(folder, SCRIPT),
      ["#!/bin/sh", "exec 2>&1", "set -ex", ...texts(input, "steps"), ""].join("\n"),
      0o755,
    );
    const overlay = optionalText(input, "overlay");
    if (overlay) await copyFile(overlay, join(folder, basename(overlay)));
    const name = docker.containerName ?? `lava-${jobId}-${action.level}`;
    const { globalOptions, options } = ownOptions(input.container_options);
    const argv = dockerRunArguments({
      image: docker.image,
      name,
      ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
      globalOptions,
      options,
      workdir: DOWNLOADS,
      mounts: [{ source: folder, destination: DOWNLOADS }],
      devices: [
        ...new Set([...(await allowedDevices(docker.devices, log)), ...presentDevices(texts(input, "present"))]),
      ],
      environment: Object.fromEntries(
        Object.entries({ ...map(input, "environment"), ...surroundings(context) }).map(([key, value]) => [
          key,
          plainText(value),
        ]),
      ),
      command: [`${DOWNLOADS}/${SCRIPT}`],
    });
    await prepareImage(docker, globalOptions, context);
    // When the client is killed, the container goes on.
    context.onCleanup(async (signal) => {
      await runProgram(["docker", ...globalOptions, "rm", "--force", name], { ...context, signal, quiet: true });
    });
    await mustSucceed(argv, { ...context, error: action.commandError });
    return undefined;
  },
};

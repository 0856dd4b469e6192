import { mkdir, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DispatchError } from "../base/errors.js";
import { writeFresh } from "../base/fresh-file.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { dockerRunArguments } from "./docker/run-arguments.js";
import { downloadsOf } from "./files/name-inside.js";
import { map, texts } from "./overlay/inputs.js";
import { mustSucceed, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** Where the container sees the downloads of the namespace, and the script with the job's steps. */
const DOWNLOADS = "/lava-downloads";
const SCRIPT = "/lava-steps.sh";
const DEVICE = /^\/dev\/(?!.*\.\.)[\w./:-]+$/;
/** Whoever has these has the worker: its memory, and all of its disks but those that are made of files. */
const MEMORY = /^\/dev\/(mem|kmem|port|core)$/;
const LOOP = /^\/dev\/loop/;

/** Why a job's container does not get a device file; undefined when it may. */
async function deviceRefusal(device: string): Promise<string | undefined> {
  if (!DEVICE.test(device)) return "is no device file";
  const path = await realpath(device).catch(() => device);
  if (MEMORY.test(path)) return "is the memory of this machine";
  const isBlock = await stat(path).then(
    (found) => found.isBlockDevice(),
    () => false,
  );
  return isBlock && !LOOP.test(path) ? "is a disk of this machine" : undefined;
}

/**
 * Runs a job's steps in a container of its own, with the namespace's downloads as the working directory: the shell that
 * reads them is the container's. The first step that fails ends them.
 * Inputs: container (docker map), steps, devices? (device files of the worker), environment?.
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
    const steps = texts(input, "steps");
    const folder = downloadsOf(paths, action.namespace);
    const script = join(paths.work, `steps-${action.level}.sh`);
    await mkdir(folder, { recursive: true });
    writeFresh(script, `set -e\nset -x\n${steps.join("\n")}\n`);
    context.onCleanup(() => rm(script, { force: true }));
    const devices: string[] = [];
    for (const device of texts(input, "devices")) {
      const refusal = await deviceRefusal(device);
      if (refusal === undefined) devices.push(device);
      else log.warning(`'${device}' ${refusal}: the container does not get it`);
    }
    const name = docker.containerName ?? `lava-${jobId}-${action.level}`;
    const argv = dockerRunArguments({
      image: docker.image,
      name,
      ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
      options: [`--workdir=${DOWNLOADS}`],
      mounts: [
        { source: folder, destination: DOWNLOADS },
        { source: script, destination: SCRIPT, readOnly: true },
      ],
      devices,
      environment: Object.fromEntries(
        Object.entries(map(input, "environment")).map(([key, value]) => [key, String(value)]),
      ),
      command: ["/bin/sh", SCRIPT],
    });
    await prepareImage(docker, [], context);
    // When the client is killed, the container goes on.
    context.onCleanup(async (signal) => {
      await runProgram(["docker", "rm", "--force", name], { ...context, signal, quiet: true });
    });
    await mustSucceed(argv, { ...context, error: action.commandError });
    return undefined;
  },
};

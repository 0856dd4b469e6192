import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DispatchError } from "../base/errors.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { dockerRunArguments } from "./docker/run-arguments.js";
import { map, texts } from "./overlay/inputs.js";
import { mustSucceed, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** Where the container sees the downloads of the namespace, and the script with the job's steps. */
const DOWNLOADS = "/lava-downloads";
const SCRIPT = "/lava-steps.sh";
const DEVICE = /^\/dev\/[\w./:-]+$/;

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
    const folder = join(paths.work, "downloads", action.namespace);
    const script = join(paths.work, `steps-${action.level}.sh`);
    await mkdir(folder, { recursive: true });
    await writeFile(script, `set -e\nset -x\n${steps.join("\n")}\n`);
    context.onCleanup(() => rm(script, { force: true }));
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
      devices: texts(input, "devices").filter((device) => {
        if (DEVICE.test(device)) return true;
        log.warning(`'${device}' is no device file: the container does not get it`);
        return false;
      }),
      environment: Object.fromEntries(
        Object.entries(map(input, "environment")).map(([key, value]) => [key, String(value)]),
      ),
      command: ["/bin/sh", SCRIPT],
    });
    await prepareImage(docker, [], context);
    // When the client is killed, the container goes on.
    context.onCleanup(async () => {
      const still = new AbortController().signal;
      await runProgram(["docker", "rm", "--force", name], { ...context, signal: still, quiet: true });
    });
    await mustSucceed(argv, { ...context, error: action.commandError });
    return undefined;
  },
};

/** Starts a container in the background. */
import { mkdir } from "node:fs/promises";
import { dirname, isAbsolute, normalize } from "node:path";
import { ConfigurationError, DispatchError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { allowedDevices } from "./docker/devices.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { type BindMount, dockerRunArguments } from "./docker/run-arguments.js";
import { map, optionalText, text, texts } from "./overlay/inputs.js";
import { writeFresh } from "./overlay/safe-files.js";
import { programFailure, runProgram } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

const foldersOf = ({ folders }: JsonMap): BindMount[] =>
  (Array.isArray(folders) ? folders : []).map((pair) => {
    const [source, destination] = texts({ pair }, "pair");
    if (source === undefined || destination === undefined)
      throw new ConfigurationError(`A folder of a container needs its place: ${JSON.stringify(pair)}`);
    return { source, destination };
  });

/** What the container sees of this machine; the job's own folder is with it where it has a place. */
function mountsOf(input: JsonMap, { paths }: Pick<ServiceContext, "paths">): BindMount[] {
  const work = optionalText(input, "work");
  return [...foldersOf(input), ...(work ? [{ source: paths.work, destination: work }] : [])];
}

/** The whole `docker run`. @throws JobError for an image that docker would misread */
export function startArguments(
  input: JsonMap,
  context: Pick<ServiceContext, "jobId" | "paths">,
  devices: string[] = [],
): string[] {
  return dockerRunArguments({
    image: dockerMapOf(input.container, context.jobId).image,
    name: text(input, "name"),
    options: [...texts(input, "options"), "--detach"],
    terminal: true,
    init: false,
    mounts: mountsOf(input, context),
    devices,
    command: texts(input, "command"),
  });
}

/** Texts for the container, in its folders on this machine; a link that an earlier container has left leads nowhere. */
async function writeFiles(input: JsonMap): Promise<void> {
  for (const [file, lines] of Object.entries(map(input, "files"))) {
    if (!isAbsolute(file) || normalize(file) !== file)
      throw new ConfigurationError(`'${file}' is not the absolute path of a file`);
    await mkdir(dirname(file), { recursive: true });
    writeFresh(
      file,
      texts({ lines: lines ?? [] }, "lines")
        .map((line) => `${line}\n`)
        .join(""),
    );
  }
}

/**
 * Starts a container that goes on by itself: the image's own first process, with a terminal that nobody looks at.
 * Inputs: container (the job's docker map), name (of the container), options (of `docker run`), folders? ([[folder of
 * this machine, place in the container]]: made where they are missing), work? (place where the container sees the job's
 * own folder), files? ({<absolute path>: lines}: written before), command. Data: container {name, image}. The container is
 * stopped when the job ends or the action is tried again.
 */
export const containerStart: Service = {
  name: "container-start",
  programs: () => ["docker"],

  async validate(input, context) {
    if (!isMap(input.container)) return [];
    try {
      startArguments(input, context);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const docker = dockerMapOf(input.container, context.jobId);
    const name = text(input, "name");
    const argv = startArguments(input, context, await allowedDevices(docker.devices, context.log));
    for (const { source } of foldersOf(input)) await mkdir(source, { recursive: true });
    await writeFiles(input);
    await prepareImage(docker, [], context);
    context.log.info(`Starting the container ${name} of ${docker.image}`);
    const result = await runProgram(argv, context);
    // What docker says last is where its help is.
    const reason = result.output.split(/\r*\n/).find((line) => /^docker: /.test(line));
    if (result.code !== 0) throw programFailure(argv, result, context.action.commandError, reason);
    context.onCleanup(async (signal) => {
      await runProgram(["docker", "stop", name], { ...context, signal });
    });
    return { data: { container: { name, image: docker.image } } };
  },
};

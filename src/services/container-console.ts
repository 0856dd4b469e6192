/** Starts a container whose program becomes the namespace's console. */
import { join } from "node:path";
import { DispatchError, JobError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { containerOptions, remoteOptions } from "./docker/container-options.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { type BindMount, dockerRunArguments } from "./docker/run-arguments.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { type Overlay, resultsFolder } from "./overlay/layout.js";
import { splitWords } from "./programs.js";
import { runProgram } from "./run-program.js";
import { filesByLabel, fillWord, toolWords } from "./tool/tool-command.js";
import type { Service, ServiceContext } from "./types.js";

/** `NAME=value` texts as a map. @throws JobError when one has no name. */
function environmentOf(input: JsonMap): { [name: string]: string } {
  return Object.fromEntries(
    texts(input, "environment").map((pair) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new JobError(`'${pair}' is not a variable of the environment`, { advice: "Write NAME=value." });
      return [name, value];
    }),
  );
}

function mountsOf(input: JsonMap, { paths }: Pick<ServiceContext, "paths">): BindMount[] {
  const overlay = isMap(input.overlay) ? (input.overlay as unknown as Overlay) : undefined;
  const licence = optionalText(input, "licence");
  return [
    ...(overlay ? [{ source: resultsFolder(overlay), destination: overlay.results_dir }] : []),
    ...(isMap(input.downloads) ? [{ source: join(paths.work, "downloads"), destination: "/lava-downloads" }] : []),
    ...(isMap(input.files) ? [{ source: paths.work, destination: paths.work }] : []),
    ...(licence ? [{ source: licence, destination: licence, readOnly: true }] : []),
  ];
}

/** The whole `docker run`. @throws JobError for a name or a word that cannot be. */
export function consoleArguments(
  input: JsonMap,
  context: Pick<ServiceContext, "action" | "jobId" | "paths" | "dispatcher">,
): string[] {
  const { action, jobId, dispatcher } = context;
  const options = map(input, "options");
  const files = filesByLabel(input.files);
  const named = optionalText(dispatcher, "prefix");
  const network = optionalText(input, "network");
  const command = input.words === undefined ? splitWords(optionalText(input, "command") ?? "") : toolWords(input.words);
  return dockerRunArguments({
    image: dockerMapOf(input.image ?? null, jobId).image,
    name: `lava-${named ?? ""}${jobId}-${action.level}`,
    hostname: "lava",
    terminal: true,
    globalOptions: remoteOptions(options),
    lastOptions: [...containerOptions(options), ...(network ? [`--network=${network}`] : [])],
    mounts: mountsOf(input, context),
    environment: environmentOf(input),
    command: command.map((word) => fillWord(word, files)),
  });
}

/**
 * Inputs: image (name), local?, options (the device's: cpus, memory, ..., remote), command (a text, split by shell rules)
 * or words (tool/tool-command.ts), files? (data.downloads: `{label}` of a word becomes the path, and the container sees the
 * files), overlay? (data.overlay, seen at its place), downloads? (seen as /lava-downloads), environment? [NAME=value],
 * network?, licence? (file that the container sees). Data: container {name, image}. An old console of the namespace is
 * closed first; the container is removed when the job ends or the action is tried again.
 */
export const containerConsole: Service = {
  name: "container-console",
  opensConsole: true,
  programs: () => ["docker"],

  async validate(input, context) {
    if (typeof input.image !== "string") return [];
    try {
      consoleArguments(input, context);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const { jobId, paths, signal, clock, env, log } = context;
    const global = remoteOptions(map(input, "options"));
    const argv = consoleArguments(input, context);
    const { image } = dockerMapOf(input.image ?? null, jobId);
    if (input.local !== undefined) await prepareImage({ image, local: input.local === true }, global, context);
    const { console: old } = context;
    if (old) {
      context.setConsole(undefined);
      await old.close();
    }
    const name = argv.find((word) => word.startsWith("--name="))?.slice("--name=".length) ?? "";
    context.onCleanup(async (signal) => {
      // It is gone already when its program has ended.
      await runProgram(["docker", ...global, "rm", "--force", name], { ...context, signal, quiet: true });
    });
    log.info(`Starting the container ${name} of ${image}`);
    const { openConnection } = await import("../connections/index.js");
    const connection = await openConnection(argv, { signal, clock, env, cwd: paths.work });
    context.setConsole(context.openConsole(connection, name));
    return { data: { container: { name, image } } };
  },
};

/** The argument array of `docker run`: the one builder for all that runs in a container (spec test-shell.md §7). */
import { JobError } from "../../base/errors.js";

/** A folder or file of the worker that the container sees. */
export interface BindMount {
  source: string;
  destination: string;
  readOnly?: boolean;
}

export interface ContainerRun {
  image: string;
  /** Full name of the container; the engine makes one up when it has none. */
  name?: string;
  /** Options before `run`, e.g. `--host tcp://x`. */
  globalOptions?: string[];
  /** Further options of `run`, before all others. */
  options?: string[];
  /** Further options of `run`, after all others: they win. */
  lastOptions?: string[];
  hostname?: string;
  workdir?: string;
  /** Full name of the container whose network is shared. */
  networkFrom?: string;
  mounts?: BindMount[];
  devices?: string[];
  environment?: { [name: string]: string };
  /** With a terminal: for shells that one talks to. */
  terminal?: boolean;
  /** false: the image's own first process is the container's; else docker's small one is before the command. */
  init?: boolean;
  command?: string[];
}

/** What a job may call an image (spec job.md §4 "docker map"). */
const IMAGE = /^[a-z0-9]+[a-z0-9._/:-]*[a-z0-9]+(:[a-zA-Z0-9_]+[a-zA-Z0-9._-]*)?$/;
const NAME = /^[a-zA-Z0-9][\w.-]*$/;

/** @throws JobError when the text names no image: it could be taken for an option. */
export function checkedImage(image: string): string {
  if (IMAGE.test(image)) return image;
  throw new JobError(`'${image}' is not the name of a docker image`, { advice: "For example: debian:stable" });
}

/** @throws JobError when the text cannot be a container's name. */
export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw new JobError(`'${name}' cannot be the name of a container`, {
    advice: "Names have letters, digits, '_', '.' and '-', and begin with a letter or a digit.",
  });
}

/** A value of `--mount`: a comma would begin another field. */
function mountOf({ source, destination, readOnly }: BindMount): string {
  if (/[,"\n]/.test(source + destination))
    throw new JobError(`A path with a comma or a quote cannot be mounted into a container: ${source}`);
  return `--mount=type=bind,source=${source},destination=${destination}${readOnly ? ",readonly=true" : ""}`;
}

/** `docker ... run ... image command`. @throws JobError for an image or a name that docker would misread */
export function dockerRunArguments(run: ContainerRun): string[] {
  return [
    "docker",
    ...(run.globalOptions ?? []),
    "run",
    ...(run.options ?? []),
    ...(run.terminal ? ["--interactive", "--tty"] : []),
    "--rm",
    ...(run.init === false ? [] : ["--init"]),
    ...(run.name === undefined ? [] : [`--name=${checkedName(run.name)}`]),
    ...(run.networkFrom ? [`--network=container:${checkedName(run.networkFrom)}`] : []),
    ...(run.hostname ? [`--hostname=${run.hostname}`] : []),
    ...(run.workdir ? [`--workdir=${run.workdir}`] : []),
    ...(run.devices ?? []).map((device) => `--device=${device}`),
    ...(run.mounts ?? []).map(mountOf),
    ...Object.entries(run.environment ?? {}).map(([name, value]) => `--env=${name}=${value}`),
    ...(run.lastOptions ?? []),
    checkedImage(run.image),
    ...(run.command ?? []),
  ];
}

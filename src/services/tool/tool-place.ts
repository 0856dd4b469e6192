/** Where a tool runs: on the worker, or in the job's container with the board's device files. */
import type { JsonMap } from "../../base/json.js";
import { boardNodes } from "../devices/board-nodes.js";
import { type DeviceHost, HOST } from "../devices/usb-devices.js";
import { ownOptions, remoteOptions } from "../docker/container-options.js";
import { allowedDevices } from "../docker/devices.js";
import { dockerMapOf, prepareImage } from "../docker/prepare-image.js";
import { dockerRunArguments } from "../docker/run-arguments.js";
import { dig, map, optionalText, texts } from "../overlay/inputs.js";
import { mustSucceed, runProgram } from "../run-program.js";
import type { ServiceContext } from "../types.js";

/** The command as it runs: in the job's container, when it names one. */
export async function placed(
  words: string[],
  input: JsonMap,
  context: ServiceContext,
  host: DeviceHost,
): Promise<string[]> {
  if (!inContainer(input)) return words;
  const docker = dockerMapOf(input.container, context.jobId);
  const cwd = optionalText(input, "cwd");
  const { device, data } = context;
  const detected = dig(data.fastboot, "serial");
  return dockerRunArguments({
    image: docker.image,
    name: containerName(input, context),
    ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
    globalOptions: globalOptions(input),
    options: ownOptions(input.container_options).options,
    ...(cwd && { workdir: cwd }),
    mounts: [{ source: context.paths.work, destination: context.paths.work, readOnly: true }],
    // of the board, it gets these and no others
    devices: [
      ...new Set([
        ...(await allowedDevices(docker.devices, context.log)),
        ...texts(input, "devices"),
        ...(await boardNodes(device, detected, host)),
      ]),
    ],
    environment: map(input, "environment") as { [name: string]: string },
    ...(input.terminal === true && { terminal: true }),
    command: words,
  });
}

/** Whether the inputs name a container. */
export const inContainer = ({ container }: JsonMap): boolean => container !== undefined && container !== null;

const globalOptions = (input: JsonMap): string[] => [
  ...remoteOptions(input.container),
  ...ownOptions(input.container_options).globalOptions,
];

const containerName = (input: JsonMap, { jobId, action }: ServiceContext): string =>
  dockerMapOf(input.container, jobId).containerName ?? `lava-${jobId}-${action.level}`;

/** Gets the container's image, where there is one. A tool that hangs is ended with its client; its container is at the end. */
export async function preparePlace(input: JsonMap, context: ServiceContext): Promise<void> {
  if (!inContainer(input)) return;
  const global = globalOptions(input);
  const name = containerName(input, context);
  await prepareImage(dockerMapOf(input.container, context.jobId), global, context);
  context.onCleanup((signal) =>
    runProgram(["docker", ...global, "rm", "--force", name], { ...context, signal, quiet: true }),
  );
}

/** The output of a tool that must succeed, where the inputs say that it runs. @throws the action's command error */
export const runInPlace = async (
  words: string[],
  input: JsonMap,
  context: ServiceContext,
  host: DeviceHost = HOST,
): Promise<string> =>
  mustSucceed(await placed(words, input, context, host), { ...context, error: context.action.commandError });

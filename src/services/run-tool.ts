import { type DispatchError, JobError, makeError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { type DeviceHost, deviceMatch, findDevices, HOST } from "./devices/usb-devices.js";
import { containerOptions, remoteOptions } from "./docker/container-options.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import { dockerRunArguments } from "./docker/run-arguments.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import { findProgram, missingProgram, showWords } from "./programs.js";
import { programFailure, runProgram } from "./run-program.js";
import { toolWords } from "./tool/tool-command.js";
import type { Service, ServiceContext } from "./types.js";

/** All commands of an input: `commands` (a list of them) or `command` (one); `last` is put behind the last one. */
function commandsOf(input: JsonMap): string[][] {
  const given = Array.isArray(input.commands) ? input.commands : input.command === undefined ? [] : [input.command];
  const commands = given.map(toolWords).filter((words) => words.length > 0);
  commands.at(-1)?.push(...toolWords(input.last));
  return commands;
}

/** The device files of the board that are there: a tool in a container gets these and no others. */
async function boardNodes(device: JsonMap, host: DeviceHost): Promise<string[]> {
  const infos = Array.isArray(device.device_info) ? device.device_info : [];
  const serials = [...infos.filter(isMap).map((info) => info.board_id), device.board_id, device.fastboot_serial_number];
  const found = await Promise.all(
    [...new Set(serials)].map((serial) => findDevices(deviceMatch({ serial: serial ?? null }), host)),
  );
  return [...new Set(found.flat())];
}

/** The command as it runs: in the job's container, when it names one. */
async function placed(words: string[], input: JsonMap, context: ServiceContext, host: DeviceHost): Promise<string[]> {
  if (!inContainer(input)) return words;
  const docker = dockerMapOf(input.container, context.jobId);
  const { level } = context.action;
  const cwd = optionalText(input, "cwd");
  return dockerRunArguments({
    image: docker.image,
    name: docker.containerName ?? `lava-${context.jobId}-${level}`,
    ...(docker.networkFrom && { networkFrom: docker.networkFrom }),
    globalOptions: remoteOptions(input.container),
    options: [...containerOptions(map(input, "options")), ...(cwd ? [`--workdir=${cwd}`] : [])],
    mounts: [{ source: context.paths.work, destination: context.paths.work, readOnly: true }],
    devices: await boardNodes(context.device, host),
    environment: map(input, "environment") as { [name: string]: string },
    command: words,
  });
}

const inContainer = ({ container }: JsonMap): boolean => container !== undefined && container !== null;

/** The first line of a tool's output by which it tells that it failed, whatever its exit code is. */
function refusal(output: string, patterns: string[]): string | undefined {
  const lines = output.split(/\r*\n/);
  const found = patterns.map((source) => pythonRegExp(source));
  return lines.find((line) => found.some((pattern) => pattern.test(line)));
}

function check(words: string[], output: string, input: JsonMap, context: ServiceContext): DispatchError | undefined {
  const { commandError } = context.action;
  const refused = refusal(output, texts(input, "refuse"));
  if (refused !== undefined)
    return makeError(commandError, `${showWords(words)} ended well, but it said: ${refused.trim()}`, {
      advice: "The lines before it, in the log, say what the tool was doing.",
    });
  const missing = texts(input, "expect").find((source) => !pythonRegExp(source).test(output));
  if (missing === undefined) return undefined;
  return makeError(commandError, `${showWords(words)} ended, but did not say that it succeeded (${missing})`, {
    advice: "Its output stands in the log above.",
  });
}

/**
 * Runs a tool of the worker: argument arrays, one after the other, until one fails.
 * Inputs: command or commands (tool/tool-command.ts), last? (words behind the last command), refuse? (patterns: a line that
 * matches is a failure, whatever the exit code), expect? (patterns that the output must have), cwd? (folder),
 * environment?, container? (a job's `docker` map: the tool runs there, with the job's files and the board's device files),
 * options? (of the device, for the container), nothing? (message when there is no command at all).
 * A tool that fails is the action's command error.
 */
export const toolRunner = (host: DeviceHost): Service => ({
  name: "run-tool",
  programs: ({ input }) => {
    if (inContainer(input)) return ["docker"];
    try {
      return commandsOf(input).map(([program]) => program as string);
    } catch {
      return [];
    }
  },

  async run(input, context) {
    const { log, clock, env, action } = context;
    const commands = commandsOf(input);
    if (commands.length === 0) {
      const nothing = optionalText(input, "nothing");
      if (nothing) throw new JobError(nothing);
      log.debug("There is no command to run");
      return undefined;
    }
    const cwd = optionalText(input, "cwd");
    const own = map(input, "environment") as { [name: string]: string };
    if (inContainer(input))
      await prepareImage(dockerMapOf(input.container, context.jobId), remoteOptions(input.container), context);
    let said = "";
    for (const words of commands) {
      const argv = await placed(words, input, context, host);
      const [program = ""] = argv;
      if (!findProgram(program, env, context.paths.deviceDir)) throw missingProgram(program);
      log.info(`Running ${showWords(argv)}`);
      const begin = clock.now();
      const result = await runProgram(argv, {
        ...context,
        env: { ...env, ...own },
        cwd: inContainer(input) ? context.paths.work : (cwd ?? context.paths.work),
      });
      log.debug(`Returned ${result.code} in ${Math.round((clock.now() - begin) / 1000)} seconds`);
      if (result.code !== 0) throw programFailure(argv, result, action.commandError);
      const error = check(argv, result.output, input, context);
      if (error) throw error;
      said = result.output;
    }
    const save = optionalText(input, "save");
    return { ...(save && { data: { tool: { [save]: said } } }), extra: { status: "success" } };
  },
});

export const runTool = toolRunner(HOST);

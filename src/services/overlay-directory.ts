/** Makes the overlay's tree: helper scripts, `environment`, `secrets` (spec test-shell.md §1). */
import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { exportLines, givenVariables, jobVariables, type Variable } from "./overlay/environment.js";
import { map, optionalText, text } from "./overlay/inputs.js";
import { asJson, type Overlay, resultsFolder } from "./overlay/layout.js";
import { freshFolder, writeFresh } from "./overlay/safe-files.js";
import { targetScripts } from "./overlay/scripts.js";
import type { Service, ServiceContext } from "./types.js";

/** R of the target. @throws ConfigurationError when it is not a folder of its own. */
function resultsDir(input: JsonMap, jobId: string): string {
  const dir = posix.normalize(text(input, "results_dir").replaceAll("%s", jobId)).replace(/\/$/, "");
  if (!/^\/[\w./:-]+$/.test(dir))
    throw new ConfigurationError(
      `lava_test_results_dir must be an absolute path, and only of letters, digits and ./:_-: '${dir}'`,
    );
  return dir;
}

/** Lines `K=V` of the job's secrets and then of the device's environment (env_dut); their values go into no log. */
async function secretLines(context: ServiceContext): Promise<string> {
  const { secrets, env_dut } = context.job;
  const given: JsonMap[] = isMap(secrets) ? [secrets] : [];
  if (typeof env_dut === "string" && env_dut !== "") {
    const { exportedEnvironment } = await import("./device-environment.js");
    given.push(await exportedEnvironment(env_dut, context.env));
  }
  return given.flatMap((values) => Object.entries(values).map(([key, value]) => `${key}=${value ?? ""}\n`)).join("");
}

/** The dispatcher's address, undefined when it has none: a test that does not ask for it runs without a network. */
function address(dispatcher: JsonMap): string | undefined {
  try {
    return dispatcherIp(dispatcher);
  } catch {
    return undefined;
  }
}

function environmentFile(input: JsonMap, context: ServiceContext): string {
  const { jobId, job, device, dispatcher, log } = context;
  const environment = input.environment === undefined ? map(job, "environment") : map(input, "environment");
  const variables = givenVariables(device, environment, (name, whose) =>
    log.warning(`'${name}' of the ${whose}'s environment cannot be the name of a variable, so it is left out`),
  );
  log.debug("LAVA metadata");
  for (const [name, value] of jobVariables({ jobId, job, device, dispatcher, ip: address(dispatcher) })) {
    log.debug(value === undefined ? `- ${name} is not known, so not exported` : `- ${name}=${value}`);
    if (value !== undefined) variables.push([name, value] satisfies Variable);
  }
  return exportLines(variables);
}

export const overlayDirectory: Service = {
  name: "overlay-directory",
  async validate(input, context) {
    try {
      if (input.results_dir !== undefined) resultsDir(input, context.jobId);
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return [error];
      throw error;
    }
  },
  async run(input, context) {
    const { log, action, paths } = context;
    const shell = text(input, "shell");
    if (!/^\/\S+$/.test(shell))
      throw new ConfigurationError(`lava_test_sh_cmd must be the absolute path of a shell: '${shell}'`);
    const distro = optionalText(input, "distro");
    const overlay: Overlay = {
      directory: join(paths.work, `lava-overlay-${action.level}`),
      results_dir: resultsDir(input, context.jobId),
      shell,
      ...(distro && { distro }),
      private: [],
    };
    log.debug(`[${action.namespace}] Preparing the overlay in ${overlay.directory}`);
    await freshFolder(overlay.directory);
    const results = resultsFolder(overlay);
    for (const folder of ["bin", "tests", "results"]) await mkdir(join(results, folder), { recursive: true });
    for (const script of await targetScripts(shell, distro, context.device)) {
      log.debug(
        `${script.distro ? "Updating" : "Creating"} ${overlay.results_dir}/bin/${script.name}${script.distro ? ` (${script.distro})` : ""}`,
      );
      writeFresh(join(results, "bin", script.name), script.text, 0o755);
    }
    log.debug(`Creating ${overlay.results_dir}/environment`);
    writeFresh(join(results, "environment"), environmentFile(input, context));
    const secrets = await secretLines(context);
    if (isMap(context.job.secrets) || secrets) {
      log.debug(`Creating ${overlay.results_dir}/secrets`);
      writeFresh(join(results, "secrets"), secrets);
      overlay.private.push(posix.join(overlay.results_dir, "secrets").slice(1));
    }
    return { data: { overlay: asJson(overlay), tests: null } };
  },
};

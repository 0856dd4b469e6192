/** Test services: containers of a compose file (spec test-shell.md §7). */
import { JobError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { findProgram, missingProgram } from "./programs.js";
import { runProgram } from "./run-program.js";
import type { ServiceContext } from "./types.js";

/** `data.test_services.<name>`: what runs, and how it is stopped. */
export interface RunningService {
  project: string;
  /** Absolute path of the compose file. */
  file: string;
  directory: string;
}

/** The engine's own plugin, or the older program beside it. @throws InfrastructureError when the worker has neither */
export async function composeProgram(context: ServiceContext): Promise<string[]> {
  const { env } = context;
  if (findProgram("docker", env)) {
    const { code } = await runProgram(["docker", "compose", "version"], { ...context, quiet: true });
    if (code === 0) return ["docker", "compose"];
  }
  if (findProgram("docker-compose", env)) return ["docker-compose"];
  throw missingProgram(findProgram("docker", env) ? "docker-compose" : "docker");
}

/** Project of a service: `lava-<job>-<level>-test-service-<name>`, dashes for dots. */
export function projectOf(jobId: string, level: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) throw new JobError(`A service is named with letters, digits, '-' and '_'; not '${name}'`);
  return `lava-${jobId}-${level.replaceAll(".", "-")}-test-service-${name}`.toLowerCase();
}

export const composeArguments = (
  program: string[],
  { project, file }: RunningService,
  ...words: string[]
): string[] => [...program, "--project-name", project, "--file", file, ...words];

/** Stops a service; what is stopped already stays so. */
export async function stopService(running: RunningService, context: ServiceContext): Promise<void> {
  const { directory: cwd } = running;
  const options = { ...context, cwd };
  const result = await runProgram(composeArguments(await composeProgram(options), running, "down"), options);
  if (result.code !== 0) context.log.warning(`${running.project} could not be stopped (${result.code})`);
}

export const asJson = (running: RunningService): JsonMap => ({ ...running });

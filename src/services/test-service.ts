/** Fetches a test service's compose file and starts its containers (spec test-shell.md §7). */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DispatchError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { asJson, composeArguments, composeProgram, projectOf, type RunningService, stopService } from "./compose.js";
import { cloneRepository } from "./git-clone.js";
import { dig, map, optionalText, text } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { freshFolder, insidePath, readInside, writeFresh } from "./overlay/safe-files.js";
import { findProgram, missingProgram } from "./programs.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";
import { unpackArchive } from "./unpack-archive.js";

/** Lines of a compose project's `.env`: no line end can begin another variable. */
const environmentLines = (values: JsonMap): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${plainText(value).replace(/[\r\n]+/g, " ")}\n`)
    .join("");

/**
 * Inputs: name, repository, path (of the compose file), service?, archive? (a downloaded tar; without it the repository
 * is cloned), branch?, revision?, history?, recursive?, environment (appended to `.env`). Data: test_services.<name>.
 * Stopped at the job's end, before another attempt, and by test-services-stop.
 */
export const testService: Service = {
  name: "test-service",
  programs: ({ input }) => (input.archive === null ? ["git"] : []),

  async validate(input, { env, jobId, action }) {
    try {
      if (!findProgram("docker", env) && !findProgram("docker-compose", env)) throw missingProgram("docker");
      if (typeof input.path === "string") insidePath(input.path, "`path` of a service");
      if (typeof input.name === "string") projectOf(jobId, action.level, input.name);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const { jobId, action, paths, log } = context;
    const name = text(input, "name");
    const path = insidePath(text(input, "path"), "`path` of a service");
    const service = optionalText(input, "service");
    const archive = optionalText(input, "archive");
    const project = projectOf(jobId, action.level, name);
    const directory = join(paths.work, "test-services", project);
    await mkdir(join(paths.work, "test-services"), { recursive: true });
    await freshFolder(directory);
    if (archive) await unpackArchive(archive, directory, context);
    else {
      const branch = optionalText(input, "branch");
      const revision = optionalText(input, "revision");
      const clone = {
        repository: text(input, "repository"),
        ...(branch && { branch }),
        ...(revision && { revision }),
        shallow: true,
        recursive: input.recursive === true,
        history: input.history !== false,
      };
      await cloneRepository(clone, directory, context);
    }
    // It must be a file of the folder, not a link out of it.
    await readInside(directory, path, `The compose file of service '${name}'`);
    const running: RunningService = { project, directory, file: join(directory, path) };
    const own = await readInside(directory, ".env", "Its environment").catch(() => "");
    writeFresh(join(directory, ".env"), `${own && `${own.trimEnd()}\n`}${environmentLines(map(input, "environment"))}`);
    const program = await composeProgram(context);
    context.onCleanup((signal) => stopService(running, { ...context, signal }));
    log.info(`Starting the test service '${name}'${service ? ` (${service})` : ""}`);
    const words = ["up", "--detach", ...(service ? ["--", service] : [])];
    await mustSucceed(composeArguments(program, running, ...words), {
      ...context,
      cwd: directory,
      error: action.commandError,
    });
    const commit = dig(input, "revision");
    return {
      data: { test_services: { [name]: asJson(running) } },
      extra: { project, ...(commit && { revision: commit }) },
    };
  },
};

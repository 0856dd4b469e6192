/** Writes a definition's install.sh and clones its git repositories beside it (spec test-shell.md §3). */
import { basename, join } from "node:path";
import { JobError } from "../base/errors.js";
import { cloneRepository } from "./git-clone.js";
import type { GitRepository, TestDefinition } from "./overlay/definition.js";
import { integer, map, texts } from "./overlay/inputs.js";
import { overlayOf, type Test, testOf } from "./overlay/layout.js";
import { type JobParameters, parameterLines, parameterValue } from "./overlay/parameter-lines.js";
import { readDefinition } from "./overlay/read-definition.js";
import { writeFresh } from "./overlay/safe-files.js";
import { testExtra } from "./test-overlay.js";
import type { Service, ServiceContext } from "./types.js";

/** The parts of an install section that a job can leave out. */
const PARTS = ["keys", "sources", "deps", "steps", "git-repos"];
const ALL = "all";

export interface InstallOptions extends JobParameters {
  skip: Set<string>;
  distro: string | undefined;
}

/** The text of install.sh. */
export function installScript(test: Test, definition: TestDefinition, options: InstallOptions): string {
  const { skip, distro } = options;
  const install = definition.install!;
  const deps = [...install.deps, ...(distro ? (install.distroDeps[distro] ?? []) : [])];
  const lines = [
    ...parameterLines(definition, options),
    ...(skip.has("keys") ? [] : install.keys.map((key) => `lava-add-keys ${key}`)),
    ...(skip.has("sources") ? [] : install.sources.map((source) => `lava-add-sources ${source}`)),
    ...(skip.has("deps") || deps.length === 0 ? [] : [`lava-install-packages ${deps.join(" ")}`]),
    ...(skip.has("steps") || install.steps.length === 0
      ? []
      : [`cd ${test.target_directory}`, "pwd", ...install.steps]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Folder of a repository below the test's own. @throws JobError when it would lie elsewhere */
function destinationOf({ url, destination }: GitRepository): string {
  // Every `.git`, as LAVA does: user.github.io.git is userhub.io.
  const name = destination ?? basename(url.replace(/\/+$/, "").replaceAll(".git", ""));
  if (/^[^/\0]+$/.test(name) && name !== "." && name !== ".." && !name.startsWith("-")) return name;
  throw new JobError(`The destination '${name}' of git repository '${url}' must be a folder name without '/'`);
}

async function cloneAll(
  test: Test,
  definition: TestDefinition,
  options: InstallOptions,
  context: ServiceContext,
): Promise<void> {
  const filled = (value: string) => parameterValue(value, definition, options) ?? value;
  for (const { url, branch, destination } of definition.install!.repositories) {
    const repository = {
      url: filled(url),
      ...(branch !== undefined && { branch: filled(branch) }),
      ...(destination !== undefined && { destination: filled(destination) }),
    };
    const into = destinationOf(repository);
    context.log.info(`Cloning ${repository.url} to ${test.target_directory}/${into}`);
    // With its history: steps may ask for tags and older commits.
    const input = {
      repository: repository.url,
      shallow: false,
      ...(repository.branch && { branch: repository.branch }),
    };
    const { commit } = await cloneRepository(input, join(test.directory, into), context);
    context.log.debug(`commit ${commit}`);
  }
}

/**
 * Inputs: index, skip_install? (names of parts, or `all`), parameters?, params? (the job's).
 */
export const testInstall: Service = {
  name: "test-install",
  async validate(input) {
    const unknown = texts(input, "skip_install").filter((part) => part !== ALL && !PARTS.includes(part));
    return unknown.map((part) => new JobError(`\`skip_install\` has '${part}' (known: ${[...PARTS, ALL].join(", ")})`));
  },
  async run(input, context) {
    const test = testOf(context, integer(input, "index"));
    const definition = await readDefinition(test);
    const extra = testExtra(test, context);
    if (!definition.install) {
      context.log.debug(`'${test.name}' installs nothing`);
      return { extra: { ...extra, "skipped test-install-overlay": test.uuid } };
    }
    const skipped = texts(input, "skip_install");
    const options: InstallOptions = {
      skip: new Set(skipped.includes(ALL) ? PARTS : skipped),
      distro: overlayOf(context).distro,
      parameters: map(input, "parameters"),
      params: map(input, "params"),
    };
    if (!options.skip.has("git-repos")) await cloneAll(test, definition, options, context);
    writeFresh(join(test.directory, "install.sh"), installScript(test, definition, options), 0o755);
    return { extra };
  },
};

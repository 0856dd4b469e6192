/** Cloning with git: arguments only, no questions, only the protocols that a job may use (spec test-shell.md §3). */

import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DispatchError, InfrastructureError, JobError } from "../base/errors.js";
import { isMap, type JsonMap, own } from "../base/json.js";
import { shownUrl } from "./download/local-file.js";
import { sleep } from "./download/sleep.js";
import { bounded } from "./files/bounded.js";
import { workerPath } from "./files/worker-path.js";
import { plainText } from "./overlay/python-text.js";
import { mustSucceed, type ProgramOptions, type ProgramResult, programFailure, runProgram } from "./run-program.js";
import type { ServiceContext } from "./types.js";

const ATTEMPTS = 6;
/** ms between two attempts. */
const INTERVAL = 5_000;

export interface CloneInput {
  repository: string;
  branch?: string;
  revision?: string;
  /** Only the last commit (default true; never with a revision). */
  shallow?: boolean;
  /** With submodules. */
  recursive?: boolean;
  /** Keep `.git` (default true). */
  history?: boolean;
}

/** Variables by which an outer git would turn this one to its own repository. */
const OUTER_GIT =
  /^GIT_(ALTERNATE_OBJECT_DIRECTORIES|CONFIG|CONFIG_PARAMETERS|OBJECT_DIRECTORY|DIR|WORK_TREE|IMPLICIT_WORK_TREE|GRAFT_FILE|ALLOW_PROTOCOL|PROTOCOL_FROM_USER|INDEX_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|PREFIX|SHALLOW_FILE|COMMON_DIR|NAMESPACE|CEILING_DIRECTORIES)$/;

/** The job's secrets in a URL: `$NAME` and `${NAME}`; the worker's own environment is not a job's to read. */
function withSecrets(url: string, job: JsonMap): string {
  const secrets = isMap(job.secrets) ? job.secrets : {};
  return url.replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, a?: string, b?: string) => {
    const value = own(secrets, a ?? b ?? "");
    return value === undefined || value === null ? whole : plainText(value);
  });
}

/** A repository as git takes it: a URL, or an absolute folder of this machine (relative ones start at the job's). */
async function locate(repository: string, context: ServiceContext): Promise<Place> {
  const url = withSecrets(repository, context.job);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const remote = scheme !== undefined && scheme !== "file";
  const short = scheme === undefined && /^[\w.-]+@[\w.-]+:/.test(url);
  if (remote && !/^(https?|git|ssh|git\+ssh|ssh\+git)$/.test(scheme))
    throw new JobError(`git repositories cannot be cloned by '${scheme}:'`, {
      advice: "Use https, http, git, ssh, or a file: URL.",
    });
  if (scheme !== undefined && /^https?$/.test(scheme) && !URL.canParse(url))
    throw new JobError(`'${shownUrl(repository)}' is no URL`, {
      advice: "Correct the test definition's `repository`.",
    });
  if (remote || short) return { ...withoutCredentials(url), local: false };
  const path = url.replace(/^file:/i, "").replace(/^\/\/(localhost)?(?=\/)/i, "");
  const folder = resolve(context.paths.jobDir, path);
  const real = await workerPath(folder, context).catch((cause) => {
    if (cause instanceof DispatchError) throw cause;
    throw new JobError(`The git repository '${folder}' does not exist`, {
      cause,
      advice: "Check the job's `repository`; a relative path starts at the job file's folder.",
    });
  });
  return { url: real, local: true, confined: Array.isArray(context.dispatcher.job_folders) };
}

/** Where a repository is. */
interface Place {
  url: string;
  local: boolean;
  /** Jobs may not read all of the worker. */
  confined?: boolean;
  /** The beginning of the URL with its credentials, and without them. */
  opened?: { from: string; to: string };
}

/**
 * A URL's credentials go to git through its environment: its words stand in the process list, and what it is given there
 * it would leave in the clone as well.
 */
function withoutCredentials(url: string): Pick<Place, "url" | "opened"> {
  const [whole, scheme = "", credentials = "", host = ""] = /^(https?:\/\/)([^/?#@]+@)([^/?#]*)/i.exec(url) ?? [];
  if (whole === undefined) return { url };
  return {
    url: `${scheme}${host}${url.slice(whole.length)}`,
    opened: { from: `${scheme}${credentials}${host}`, to: `${scheme}${host}` },
  };
}

/** git's settings by environment variables. */
const settings = (pairs: [key: string, value: string][]): NodeJS.ProcessEnv => ({
  GIT_CONFIG_COUNT: String(pairs.length),
  ...Object.fromEntries(
    pairs.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
});

/** A folder of this machine may be what is cloned, but no submodule's. */
const CONFINED: [string, string][] = [["protocol.file.allow", "user"]];

const environment = (env: NodeJS.ProcessEnv, { local, opened, confined }: Place): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !OUTER_GIT.test(name))),
  LC_ALL: "C",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "true",
  SSH_ASKPASS_REQUIRE: "never",
  GIT_SSH_COMMAND: env.GIT_SSH_COMMAND ?? "ssh -o BatchMode=yes",
  // A repository from elsewhere must not name folders of this machine as its submodules.
  ...(!confined && { GIT_ALLOW_PROTOCOL: local ? "file:http:https:git:ssh" : "http:https:git:ssh" }),
  ...settings([
    ...(confined ? CONFINED : []),
    ...(opened ? ([[`url.${opened.from}.insteadOf`, opened.to]] as [string, string][]) : []),
  ]),
});

/** What the job got wrong, by git's own (untranslated) words; undefined when another attempt may help. */
function jobFault(output: string, input: CloneInput): { message: string; advice: string } | undefined {
  const where = shownUrl(input.repository);
  if (/Remote branch .* not found|Could not find remote branch/.test(output))
    return { message: `'${where}' has no branch '${input.branch}'`, advice: "Correct the test definition's `branch`." };
  if (
    /Authentication failed|could not read (Username|Password)|terminal prompts disabled|Permission denied \(publickey/.test(
      output,
    )
  )
    return {
      message: `'${where}' wants credentials`,
      advice: "The repository may not exist, or it is private: make it readable for the worker.",
    };
  if (
    /[Rr]epository .*(not found|does not exist)|does not appear to be a git repository|not a git repository|The requested URL returned error: 40[0-9]/.test(
      output,
    )
  )
    return {
      message: `There is no git repository at '${where}'`,
      advice: "Correct the test definition's `repository`.",
    };
  if (
    /strange (hostname|pathname|port)|invalid value for '?submodule|in submodule|disallowed submodule|illegal format|no host part|unable to find remote helper|No directory name could be guessed/.test(
      output,
    )
  )
    return {
      message: `git refuses '${where}', or one of its submodules`,
      advice: "Git's words above say what is wrong with it: correct the URL, or the repository's `.gitmodules`.",
    };
  if (/transport '.*' not allowed/.test(output))
    return {
      message: `'${where}' has a submodule that may not be fetched`,
      advice: "Submodules come by https, http, git or ssh; those of a server's repository never from this machine.",
    };
  return undefined;
}

/** The error that a failed clone is. */
function cloneError(argv: string[], result: ProgramResult, input: CloneInput): DispatchError {
  const fault = jobFault(result.output, input);
  if (fault) return new JobError(fault.message, { advice: fault.advice, cause: result.output.trim() });
  if (/No space left on device/.test(result.output))
    return new InfrastructureError(`The disk is full: '${shownUrl(input.repository)}' cannot be cloned`, {
      cause: result.output.trim(),
      advice: "Make room on the worker.",
    });
  if (/dubious ownership/.test(result.output))
    return new InfrastructureError(`git does not trust '${input.repository}': another user owns it`, {
      cause: result.output.trim(),
      advice: `Say on the worker that it may be used: git config --global --add safe.directory <folder>`,
    });
  const error = programFailure(argv, result, "InfrastructureError");
  error.advice ??= "Check that the worker can reach the repository: run the git command by hand.";
  return error;
}

/** Whether another attempt may end better. */
const mayHelp = (error: DispatchError, result: ProgramResult): boolean =>
  error instanceof InfrastructureError &&
  result.killed === undefined &&
  !/No space left|dubious ownership/.test(result.output);

/**
 * Clones a repository into `directory`, which is made anew. Six attempts, 5 s apart, when the network fails; a server without shallow
 * clones is asked for a full one.
 * @returns the commit's id
 * @throws JobError for what the job got wrong (repository, branch, revision); InfrastructureError for network, disk and a killed git.
 */
export async function cloneRepository(
  input: CloneInput,
  directory: string,
  context: ServiceContext,
): Promise<{ commit: string }> {
  const place = await locate(input.repository, context);
  const what = `The clone of '${shownUrl(input.repository)}'`;
  try {
    return await bounded(context, { into: directory, what }, (bounds) =>
      cloneFrom(place, input, directory, { ...context, ...bounds, env: environment(context.env, place) }),
    );
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function cloneFrom(
  { url, local }: Place,
  input: CloneInput,
  directory: string,
  options: ProgramOptions,
): Promise<{ commit: string }> {
  const base = ["git", "-c", "advice.detachedHead=false", "clone"];
  if (input.recursive) base.push("--recurse-submodules");
  if (input.branch) base.push(`--branch=${input.branch}`);
  let shallow = input.shallow !== false && !input.revision && !local;
  for (let attempt = 1; ; attempt++) {
    await rm(directory, { recursive: true, force: true });
    const argv = [...base, ...(shallow ? ["--depth=1"] : []), "--", url, directory];
    options.log.debug(`Running ${[...argv.slice(0, -2), shownUrl(input.repository), directory].join(" ")}`);
    const result = await runProgram(argv, options);
    if (result.code === 0) break;
    if (shallow && /shallow|depth/i.test(result.output)) {
      options.log.debug("the server cannot do shallow clones: cloning in full");
      shallow = false;
      attempt--;
      continue;
    }
    const error = cloneError(argv.with(-2, shownUrl(input.repository)), result, input);
    if (attempt >= ATTEMPTS || !mayHelp(error, result)) throw error;
    options.log.warning(`git clone failed (${attempt} of ${ATTEMPTS}), trying again in ${INTERVAL / 1000} s`);
    await sleep(INTERVAL, options);
  }
  const inside = { ...options, cwd: directory };
  if (input.revision) await checkOut(input, inside);
  const commit = (
    await mustSucceed(["git", "rev-parse", "HEAD"], { ...inside, quiet: true, error: "JobError" })
  ).trim();
  if (input.history === false) await rm(join(directory, ".git"), { recursive: true, force: true });
  return { commit };
}

/** Checks out a revision: a commit, a tag, or a branch of the server. */
async function checkOut(input: CloneInput, inside: ProgramOptions): Promise<void> {
  const { revision = "" } = input;
  for (const name of [revision, `refs/remotes/origin/${revision}`]) {
    const found = await runProgram(
      ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
      {
        ...inside,
        quiet: true,
      },
    );
    const commit = found.output.trim();
    if (found.code !== 0 || !/^[0-9a-f]{40,64}$/.test(commit)) continue;
    await mustSucceed(["git", "checkout", "--quiet", "--detach", commit], { ...inside, error: "InfrastructureError" });
    if (input.recursive)
      await mustSucceed(["git", "submodule", "update", "--init", "--recursive", "--quiet"], {
        ...inside,
        error: "InfrastructureError",
      });
    return;
  }
  throw new JobError(`'${shownUrl(input.repository)}' has no revision '${revision}'`, {
    advice: "Correct the test definition's `revision`: a commit, a tag or a branch.",
  });
}

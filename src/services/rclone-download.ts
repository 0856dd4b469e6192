import { rm } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../base/errors.js";
import { writeFresh } from "../base/fresh-file.js";
import type { JsonMap } from "../base/json.js";
import { checkDownloadInput, download, downloadPrograms } from "./download/download.js";
import { shownUrl } from "./download/local-file.js";
import { copyByProgram } from "./download/program-download.js";
import { dig, optionalText } from "./overlay/inputs.js";
import type { Service, ServiceContext } from "./types.js";

/** `remote:path` of an rclone URL. @throws JobError */
export function rclonePath(url: string): string {
  const [, remote, path] = /^rclone:\/\/([\w][\w .+@-]*)\/+(.+)$/.exec(url) ?? [];
  if (!remote || !path)
    throw new JobError(`'${shownUrl(url)}' is no rclone URL`, { advice: "Write rclone://remote/path" });
  return `${remote}:${path}`;
}

/** Lines `NAME=value`, as a job's secret gives them; only rclone's own variables count. */
function variablesOf(text: string | undefined): { [name: string]: string } {
  const lines = (text ?? "").split(/\r?\n/).map((line) => /^\s*(?:export\s+)?(RCLONE_\w+)=(.*)$/.exec(line.trimEnd()));
  return Object.fromEntries(lines.flatMap((found) => (found ? [[found[1] as string, found[2] as string]] : [])));
}

/** A secret of the job, by the name that an input gives: its value never stands among the inputs, which are recorded. */
function secret(input: JsonMap, key: string, { job }: ServiceContext): string | undefined {
  const name = optionalText(input, key);
  const value = name === undefined ? undefined : dig(job.secrets, name);
  return typeof value === "string" ? value : undefined;
}

/** rclone's configuration: the job's own, in a file that only this user reads, else the dispatcher's. */
async function configArguments(input: JsonMap, context: ServiceContext): Promise<string[]> {
  const config = secret(input, "config_secret", context);
  const shared = optionalText(context.dispatcher, "rclone_config");
  if (config === undefined) return shared === undefined ? [] : [`--config=${shared}`];
  const file = join(context.paths.work, `rclone-${context.action.level}.conf`);
  context.onCleanup(() => rm(file, { force: true }));
  writeFresh(file, config, 0o600);
  return [`--config=${file}`];
}

const program = (input: JsonMap): string => optionalText(input, "program") ?? "rclone";

/**
 * Takes a file of a cloud storage with rclone. Inputs: as all downloads; program?, config_secret?, variables_secret?: names
 * of the job's secrets with its configuration and with lines `RCLONE_X=y`.
 */
export const rcloneDownload: Service = {
  name: "rclone-download",
  programs: (known) => [program(known.input), ...downloadPrograms(known)],

  validate: async (raw, context) => checkDownloadInput(raw, context, rclonePath),

  run: (raw, context) =>
    download(raw, context, async (input) => {
      const words = [program(raw), ...(await configArguments(raw, context)), "copyto", "--", rclonePath(input.url)];
      const env = { ...context.env, ...variablesOf(secret(raw, "variables_secret", context)) };
      return copyByProgram(input, context, { words, env, missing: /not found|didn't find section/i });
    }),
};

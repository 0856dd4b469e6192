import { JobError } from "../base/errors.js";
import { checkDownloadInput, download, downloadPrograms } from "./download/download.js";
import { shownUrl } from "./download/local-file.js";
import { copyByProgram } from "./download/program-download.js";
import type { Service } from "./types.js";

/** The words for scp: host with user, port, and the path on it. */
function remote(url: string): { host: string; port: string | undefined; path: string } {
  const [, host, port, path] =
    /^scp:\/\/((?:[\w.+-]+@)?(?:[\w.-]+|\[[0-9a-f:.]+\]))(?::(\d+)|:)?(\/.+)$/i.exec(url) ?? [];
  if (!host || !path || host.startsWith("-"))
    throw new JobError(`'${shownUrl(url)}' is not a valid scp URL`, { advice: "Write scp://user@host/absolute/path" });
  return { host, port, path };
}

/** Copies a file of another machine; keys and known hosts are the worker's own. */
export const scpDownload: Service = {
  name: "scp-download",
  programs: (known) => ["scp", ...downloadPrograms(known)],

  validate: async (raw, context) => checkDownloadInput(raw, context, remote),

  run: (raw, context) =>
    download(raw, context, (input) => {
      const { host, port, path } = remote(input.url);
      const words = ["scp", "-q", "-o", "BatchMode=yes", ...(port ? ["-P", port] : []), "--", `${host}:${path}`];
      return copyByProgram(input, context, { words, missing: /No such file|not a regular file/ });
    }),
};

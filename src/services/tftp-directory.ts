import { chmod, mkdtemp, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError, JobError } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { jobFolderName } from "./job-folder-name.js";
import { text } from "./overlay/inputs.js";
import { missingPrograms } from "./programs.js";
import type { Service } from "./types.js";

/**
 * Makes the job's folder below the TFTP root, readable for the server; removed at the end.
 * Inputs: prefix. Data: tftp {directory, suffix}.
 */
export const tftpDirectory: Service = {
  name: "tftp-directory",

  async validate(_input, { paths: { tftpServer }, env }) {
    return tftpServer === undefined ? [] : missingPrograms([tftpServer], env);
  },

  async run(input, context) {
    const { tftpRoot } = context.paths;
    const { jobId, log } = context;
    if (!/^[\w.-]+$/.test(jobId) || /^\.+$/.test(jobId))
      throw new JobError(`The job id '${jobId}' cannot name a folder`);
    const folder = join(tftpRoot, jobFolderName(context));
    try {
      makeFolder(folder);
      const directory = await mkdtemp(join(folder, text(input, "prefix").replaceAll("/", "-")));
      // mkdtemp gives 0700, and the umask may have taken from mkdir: the server is another user. Who does not know the
      // folder's name cannot find its files.
      await Promise.all([chmod(directory, 0o755), chmod(folder, 0o711)]);
      context.onCleanup(async () => {
        log.debug(`Removing ${directory}`);
        await rm(directory, { recursive: true, force: true });
        await rmdir(folder).catch(() => {}); // Not empty: another deployment of this job.
      });
      return { data: { tftp: { directory, suffix: directory.slice(tftpRoot.length).replace(/^\/+/, "") } } };
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new InfrastructureError(`Nothing can be written below the TFTP root '${tftpRoot}': ${message}`, {
        cause,
        advice:
          code === "EACCES" || code === "EROFS" || code === "EPERM"
            ? "Make the folder writable for the user that runs the job, or name another one that the TFTP server hands out."
            : "Make the folder that the TFTP server hands out, and name it in the dispatcher's configuration.",
      });
    }
  },
};

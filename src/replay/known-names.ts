import { boundedRegExp } from "../base/regexp/bounded-regexp.js";
import type { KnownNames } from "./recording.js";

const NFS_ROOT = boundedRegExp("\\bnfsroot=([^:\\s,]+):([^,\\s\"']+)");

/**
 * Learns from the commands of a recording what only the worker that ran it knew. The names stand in what was typed: a
 * machine that types other ones has not run the same job.
 */
export class KnownNamesReader {
  readonly known: KnownNames = {};
  jobId: string | undefined;
  readonly #folders: { job: string; folder: string }[] = [];

  typed(text: string): void {
    const runner = /\/lava-([\w.-]+)\/bin\/lava-test-runner /.exec(text);
    if (runner) this.jobId ??= runner[1] as string;
    const file = /(?:^|[\s"']|tftp:\/\/[^/\s]+\/|\(tftp,[^)\s]+\))\/?([\w.-]+)\/([\w.-]+)\/[\w.-]+\/[\w.+-]+/.exec(
      text,
    );
    if (file && this.#folders.length < 16) this.#folders.push({ job: file[1] as string, folder: file[2] as string });
    const nfs = NFS_ROOT.exec(text);
    if (nfs) this.known.nfs ??= { server: nfs[1] as string, path: nfs[2] as string };
    const disk = /\/dev\/disk\/by-uuid\/([0-9a-fA-F-]{36})/.exec(text);
    if (disk) this.known.diskUuid ??= disk[1] as string;
    const http = /\b(https?:\/\/[^/\s"']+(?:\/[\w-]{16})?\/tmp)\//.exec(text);
    if (http) this.known.httpUrl ??= http[1] as string;
    const server = /\b(?:(?:serverip|server_ip)\s*[= ]\s*|tftp:\/\/|\(tftp,)(\d+\.\d+\.\d+\.\d+)\b/.exec(text);
    if (server) this.known.dispatcherIp ??= server[1] as string;
  }

  /** What the log itself says of the job. */
  told(message: string): void {
    const id = /\bLAVA_JOB_ID=([\w.-]+)/.exec(message);
    if (id) this.jobId ??= id[1] as string;
    const ip = /\bLAVA_DISPATCHER_IP=([\w.:]+)/.exec(message);
    if (ip) this.known.dispatcherIp = ip[1] as string;
  }

  result(): KnownNames {
    // Files of one job lie below its id, which is told elsewhere only once its tests begin.
    const [first] = this.#folders;
    if (
      first &&
      /^\d/.test(first.job) &&
      this.#folders.every(({ job, folder }) => job === first.job && folder === first.folder)
    )
      this.jobId ??= first.job;
    // A worker's prefix may come before the id.
    const id = this.jobId;
    const own =
      this.#folders.find(({ job }) => job === id) ??
      this.#folders.find(({ job }) => id !== undefined && job.endsWith(id));
    if (own) this.known.tftpSuffix = `${own.job}/${own.folder}`;
    return this.known;
  }
}

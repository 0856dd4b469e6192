/** The machine that a job reaches over ssh, and the words of ssh and scp for it (spec multinode.md §6). */
import { resolve } from "node:path";
import { ConfigurationError, JobError } from "../../base/errors.js";
import type { JsonMap } from "../../base/json.js";
import { map, optionalText, texts } from "../overlay/inputs.js";
import { splitWords } from "../programs.js";
import type { ServiceContext } from "../types.js";

export interface SshTarget {
  host: string;
  port: number;
  user: string;
  /** Absolute path of the key. */
  key?: string;
  /** Further words of the device. */
  options: string[];
}

/** Neither may be taken for an option, or for more than one word of the other side's shell. */
const HOST = /^(?!-)[A-Za-z0-9._:-]+$/;
const USER = /^(?!-)[A-Za-z0-9._-]+$/;

/**
 * Reads where to go. `ssh`: the device's deploy method (host, port, user, identity_file, options); `host`: the address that
 * the host's job has told, when the device names none.
 * @throws JobError without an address, ConfigurationError for one that cannot be.
 */
export function sshTarget(input: JsonMap, { paths }: Pick<ServiceContext, "paths">): SshTarget {
  const ssh = map(input, "ssh");
  const host = optionalText(ssh, "host") || optionalText(input, "host_data");
  if (!host)
    throw new JobError("It is not known which machine to log in to", {
      advice:
        "The device's deploy method ssh has no `host`; the host's job has to send its address (`hostID`, `host_key`).",
    });
  const user = optionalText(ssh, "user") || "root";
  const port = ssh.port === undefined || ssh.port === null ? 22 : Number(ssh.port);
  if (!HOST.test(host) || !USER.test(user) || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new ConfigurationError(`'${user}@${host}' at port ${ssh.port ?? 22} cannot be reached over ssh`);
  const key = optionalText(ssh, "identity_file");
  return {
    host,
    port,
    user,
    ...(key && { key: resolve(paths.deviceDir, key) }),
    options: texts(ssh, "options").flatMap(splitWords),
  };
}

/** Options of ssh and scp alike: a lab's boards change their host keys with every image. */
const common = ({ key, options }: SshTarget): string[] => [
  ...options,
  "-o",
  "UserKnownHostsFile=/dev/null",
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "BatchMode=yes",
  ...(key ? ["-i", key] : []),
];

/** The words of an ssh session; with a command, of a run of it. */
export const sshWords = (target: SshTarget, ...command: string[]): string[] => [
  "ssh",
  ...common(target),
  ...(command.length === 0 ? ["-t"] : []),
  "-p",
  String(target.port),
  `${target.user}@${target.host}`,
  ...command,
];

/** The words that copy a file there. IPv6 addresses stand in brackets. */
export const scpWords = (target: SshTarget, file: string, to: string): string[] => [
  "scp",
  "-q",
  ...common(target),
  "-P",
  String(target.port),
  "--",
  file,
  `${target.user}@${target.host.includes(":") ? `[${target.host}]` : target.host}:${to}`,
];

/** Which folder the board's TFTP server hands out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonMap } from "../base/json.js";

/** Where Debian's TFTP server keeps its settings. */
const TFTPD_HPA = "/etc/default/tftpd-hpa";
/** That server, and the one of LAVA's workers. */
export const TFTPD = "in.tftpd";

export interface TftpRoot {
  directory: string;
  /** What said so. */
  from: string;
  /** False when nothing is known to serve it. */
  served: boolean;
  /** The program that serves it, where that is known. */
  program?: string;
}

export interface TftpSources {
  option?: string | undefined;
  dispatcher: JsonMap;
  env: NodeJS.ProcessEnv;
  /** The job's scratch folder: the last resort. */
  work: string;
  /** Text of the TFTP server's settings, if there are any. */
  settings: string | undefined;
}

/** The first of: the option, the dispatcher's settings, the environment, the TFTP server's own settings, a folder of the job. */
export function tftpRoot({ option, dispatcher, env, work, settings }: TftpSources): TftpRoot {
  const { tftp_root } = dispatcher;
  if (option) return { directory: option, from: "--tftp-root", served: true };
  if (typeof tftp_root === "string" && tftp_root)
    return { directory: tftp_root, from: "tftp_root of the dispatcher's settings", served: true };
  if (env.LAVA_DISPATCH_TFTP_ROOT)
    return { directory: env.LAVA_DISPATCH_TFTP_ROOT, from: "LAVA_DISPATCH_TFTP_ROOT", served: true };
  const configured = /^\s*TFTP_DIRECTORY\s*=\s*(["']?)(.+?)\1\s*$/m.exec(settings ?? "")?.[2];
  if (configured)
    return { directory: configured, from: `TFTP_DIRECTORY of ${TFTPD_HPA}`, served: true, program: TFTPD };
  return { directory: join(work, "tftp"), from: "the job's scratch folder", served: false };
}

/** The TFTP server's settings of this machine. */
export function tftpSettings(): string | undefined {
  try {
    return readFileSync(TFTPD_HPA, "utf8");
  } catch {
    return undefined;
  }
}

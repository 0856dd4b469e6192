import { shellQuote } from "../services/overlay/shell-quote.js";

/** The gold-standard job of a device: known to be good, so that a board's fault can be told from a job's. */
export interface GoldJob {
  /** Its file. */
  job: string;
  /** The words of a command line that runs it on this device. */
  command: string[];
  /** The job that runs is this one. */
  itself: boolean;
}

/** What to do when a job has failed, as lines: a sentence, and the command line where there is one to type. */
export function goldAdvice({ job, command, itself }: GoldJob): string[] {
  if (itself)
    return ["this is the device's gold-standard job: when it fails unchanged, the board or the lab is at fault"];
  return [
    `to tell the board's fault from the job's, run ${job} on it, which is known to be good:`,
    `  ${command.map(shellQuote).join(" ")}`,
  ];
}

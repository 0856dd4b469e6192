import { basename, posix } from "node:path";
import { JobError } from "../base/errors.js";
import { dig, text } from "./overlay/inputs.js";
import { shellQuote } from "./overlay/shell-quote.js";
import { mustSucceed } from "./run-program.js";
import { scpWords, sshTarget, sshWords } from "./ssh/ssh-target.js";
import type { Service } from "./types.js";

/**
 * Copies the test overlay to a machine over ssh.
 * Inputs: ssh (host, port, user, identity_file, options), host_data? (address told by another job), directory (on the target).
 * Data: ssh {overlay: where the tarball is there, command: words of a session, host}.
 */
export const sshCopy: Service = {
  name: "ssh-copy",
  programs: () => ["ssh", "scp"],

  async run(input, context) {
    const target = sshTarget(input, context);
    const directory = text(input, "directory");
    const tarball = dig(context.data.overlay, "tarball");
    if (typeof tarball !== "string")
      throw new JobError("There is no test overlay to copy", {
        advice: "A boot over ssh needs a deploy block (`to: ssh`) and a test in its namespace.",
      });
    const options = { ...context, error: "InfrastructureError" } as const;
    // The other side's shell reads the words of ssh.
    await mustSucceed(sshWords(target, "mkdir", "-p", shellQuote(directory)), options);
    const overlay = posix.join(directory, basename(tarball));
    await mustSucceed(scpWords(target, tarball, overlay), options);
    context.log.info(`The overlay is at ${target.host}:${overlay}`);
    return {
      data: { ssh: { overlay, host: target.host, command: sshWords(target) } },
      extra: { success: "ssh deployment" },
    };
  },
};

/** Puts the lab's ssh key into the overlay, so that a guest job may log in (spec multinode.md §6). */
import { mkdir, readFile } from "node:fs/promises";
import { basename, join, posix, resolve } from "node:path";
import { ConfigurationError, JobError } from "../base/errors.js";
import { optionalText } from "./overlay/inputs.js";
import { overlayOf, resultsFolder } from "./overlay/layout.js";
import { writeFresh } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

export const sshAuthorize: Service = {
  name: "ssh-authorize",
  async run(input, context) {
    const authorize = optionalText(input, "authorize");
    if (authorize === undefined) {
      context.log.debug("No authorisation asked for");
      return undefined;
    }
    if (authorize !== "ssh") throw new JobError(`\`authorize\` can only be 'ssh', not '${authorize}'`);
    const given = optionalText(input, "identity_file");
    if (!given) throw new ConfigurationError("The device names no `identity_file` for ssh");
    const key = resolve(context.paths.deviceDir, given);
    const [secret, open] = await Promise.all(
      [key, `${key}.pub`].map((file) =>
        readFile(file).catch((cause) => {
          throw new ConfigurationError(`The ssh key of the device cannot be read: ${file}`, {
            cause,
            advice: `Make one: ssh-keygen -t ed25519 -N "" -f ${key}`,
          });
        }),
      ),
    );
    const overlay = overlayOf(context);
    const name = basename(key);
    writeFresh(join(resultsFolder(overlay), name), secret!, 0o600);
    writeFresh(join(resultsFolder(overlay), `${name}.pub`), open!);
    const ssh = join(overlay.directory, "root", ".ssh");
    await mkdir(ssh, { recursive: true, mode: 0o700 });
    writeFresh(join(ssh, "authorized_keys"), open!, 0o600);
    context.log.info(`The key ${name}.pub may log in as root`);
    return { data: { overlay: { private: [...overlay.private, posix.join(overlay.results_dir, name).slice(1)] } } };
  },
};

/** An sshd of a test's own on loopback, which only its own key may use. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./workspace.js";

export interface SshServer {
  port: number;
  user: string;
  /** Path of the key that may log in; its public half stands beside it. */
  key: string;
  stop(): Promise<void>;
}

export const SSHD = "/usr/sbin/sshd";

const makeKey = (file: string) => execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);

/** Starts it with its files in `folder`. The session's prompt is `prompt`, on a shell without line editing. */
export async function startSshServer(folder: string, prompt: string): Promise<SshServer> {
  const port = await freePort();
  const [host, key] = [join(folder, "host-key"), join(folder, "user-key")];
  makeKey(host);
  makeKey(key);
  writeFileSync(join(folder, "authorized"), readFileSync(`${key}.pub`));
  const config = join(folder, "sshd_config");
  // A shell that only prints its prompt: what a board's busybox does. A command that ssh is given runs as usual.
  const shell = join(folder, "shell");
  writeFileSync(
    shell,
    `#!/bin/sh\n[ -n "$SSH_ORIGINAL_COMMAND" ] && exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\nPS1='${prompt}' exec /bin/sh -i\n`,
    { mode: 0o755 },
  );
  writeFileSync(
    config,
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${host}`,
      `AuthorizedKeysFile ${join(folder, "authorized")}`,
      "UsePAM no",
      "StrictModes no",
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "PrintMotd no",
      "PrintLastLog no",
      `PidFile ${join(folder, "sshd.pid")}`,
      "Subsystem sftp internal-sftp",
      `ForceCommand case "$SSH_ORIGINAL_COMMAND" in internal-sftp*) exec /usr/lib/openssh/sftp-server;; *) exec ${shell};; esac`,
      "",
    ].join("\n"),
  );
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const child: ChildProcess = spawn(SSHD, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("Server listening")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`sshd ended (${code}): ${said}`)));
  });
  return {
    port,
    user: userInfo().username,
    key,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
}

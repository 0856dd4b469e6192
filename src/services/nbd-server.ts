import { readFile, rm, stat } from "node:fs/promises";
import { connect, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { InfrastructureError, JobError } from "../base/errors.js";
import { writeFresh } from "../base/fresh-file.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { sleep } from "./download/sleep.js";
import { freePort } from "./files/free-port.js";
import { text } from "./overlay/inputs.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** Ports of which one is taken when the job names none (spec multinode.md §5), and the protocol's own. */
const PORTS = { first: 55_000, last: 55_999 };
/** ms between two looks whether the server answers, and ms that it has to begin. */
const LOOK = 100;
const PATIENCE = 10_000;

const answers = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host }, () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

/** The server's process, by the file that it left; undefined when it is not written yet. */
async function processNumber(pidFile: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function endServer(pidFile: string): Promise<void> {
  const pid = await processNumber(pidFile);
  if (pid !== undefined) {
    try {
      process.kill(pid);
    } catch {
      // It is gone already.
    }
  }
  await rm(pidFile, { force: true });
}

/**
 * Serves a file as a network block device until the job ends. The server puts itself into the background; it is known by
 * the file of its process number. Inputs: file, port? (a number; else a free one is taken).
 * Data: nbd {server_ip, server_port}.
 */
export const nbdServer: Service = {
  name: "nbd-server",
  programs: () => ["nbd-server"],

  async run(input, context) {
    const { clock, signal, log, paths, action } = context;
    const file = text(input, "file");
    if (!(await stat(file).catch(() => undefined))?.isFile()) throw new JobError(`'${file}' is no file to serve`);
    // The server would put a client's address in its place.
    if (file.includes("%s")) throw new JobError(`A file with '%s' in its name cannot be served: '${file}'`);
    const told = dispatcherIp(context.dispatcher);
    const own = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === told));
    const host = own && isIP(told) ? told : "127.0.0.1";
    const wanted = Number(input.port ?? Number.NaN);
    const port = Number.isInteger(wanted) ? wanted : await freePort(host, PORTS.first, PORTS.last);
    const pidFile = join(paths.work, `nbd-server-${action.level}.pid`);
    context.onCleanup(() => endServer(pidFile));
    // Not the system's configuration; an empty one kills some versions.
    const config = join(paths.work, `nbd-server-${action.level}.conf`);
    writeFresh(config, "[generic]\n");
    const argv = ["nbd-server", `${host}:${port}`, file, "-C", config, "-p", pidFile];
    await mustSucceed(argv, { ...context, error: "InfrastructureError" });
    const end = clock.now() + PATIENCE;
    // It answers before it has written its process number, without which nobody could end it.
    while (!((await processNumber(pidFile)) && (await answers(port, host)))) {
      if (clock.now() >= end)
        throw new InfrastructureError(`The network block device does not answer on ${host}:${port}`, {
          advice:
            "Look whether another program uses the port; `nbd_server_port` of the dispatcher's settings names one.",
        });
      await sleep(LOOK, { clock, signal });
    }
    log.info(`serving ${file} on ${host}:${port}`);
    return { data: { nbd: { server_ip: told, server_port: port } } };
  },
};

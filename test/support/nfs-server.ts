/** An NFS server in user space (nfs-ganesha, unpacked from its packages) that serves one folder on loopback, NFSv4 only. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort, inRoot } from "./workspace.js";

const SERVER = inRoot(".images/nfs-server");

/** The reason to skip; undefined when the server can run here. */
export const noNfsServer = (): string | undefined =>
  !existsSync(join(SERVER, "bin/ganesha.nfsd"))
    ? "nfs-ganesha is not there (npm run setup)"
    : process.getuid?.() !== 0
      ? "nfs-ganesha opens files by their handles, which only root may"
      : undefined;

export interface NfsServer {
  port: number;
  /** What is exported; guests see it under the same path. */
  folder: string;
  /** Options of a client's mount. */
  options: string;
  stop(): Promise<void>;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

/** Serves `<folder>/exported`. */
export async function startNfsServer(folder: string): Promise<NfsServer> {
  const [exported, state, log] = ["exported", "nfs-state", "nfs.log"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [exported, state]) mkdirSync(each);
  const [port, ...others] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const config = join(folder, "nfs.conf");
  writeFileSync(
    config,
    `NFS_CORE_PARAM { NFS_Port = ${port}; MNT_Port = ${others[0]}; NLM_Port = ${others[1]}; Rquota_Port = ${others[2]};
  Protocols = 4; Enable_UDP = false; Bind_addr = 127.0.0.1; Enable_NLM = false; Enable_RQUOTA = false;
  Plugins_Dir = ${join(SERVER, "plugins")}; }
NFSV4 { Graceless = true; Only_Numeric_Owners = true; UseGetpwnam = true; DomainName = localdomain; Lease_Lifetime = 10;
  RecoveryRoot = ${state}; }
EXPORT { Export_Id = 1; Path = ${exported}; Pseudo = ${exported}; Protocols = 4; Access_Type = RW; Squash = No_Root_Squash;
  Transports = TCP; SecType = sys,none; PrivilegedPort = false; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
`,
  );
  const words = ["-F", "-f", config, "-L", log, "-p", join(folder, "nfs.pid")];
  const server: ChildProcess = spawn(join(SERVER, "bin/ganesha.nfsd"), words, {
    env: { ...process.env, LD_LIBRARY_PATH: join(SERVER, "lib") },
    stdio: "ignore",
  });
  const ended = once(server, "exit");
  while (!(await answers(port as number))) {
    if (server.exitCode !== null) throw new Error(`nfs-ganesha ended: ${readFileSync(log, "utf8").slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port: port as number,
    folder: exported,
    options: `vers=4.1,proto=tcp,port=${port}`,
    stop: async () => {
      server.kill();
      await ended;
    },
  };
}

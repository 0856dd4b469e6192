/** What a lab has beside its boards: an SNMP agent that is asked to switch power, a portmapper that knows an NFS server. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { guestFile } from "../support/guest-images.js";
import { noNfsServer } from "../support/nfs-server.js";
import { DEVICE } from "../support/peer-board.js";
import { adaptJob, boardWords, startRealBoard } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readLog } from "../support/run-outputs.js";
import { freePort, inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill();
  removeWorkspace(folder);
});
const messages = (output: string) => readLog(output).map(({ msg }) => String(msg));

test("power commands of snmpset, to a real agent", async () => {
  const port = await freePort();
  writeFileSync(join(folder, "snmpd.conf"), `agentaddress udp:127.0.0.1:${port}\nrwcommunity private 127.0.0.1\n`);
  const words = ["-f", "-Lf", join(folder, "snmpd.log"), "-C", "-c", join(folder, "snmpd.conf")];
  running.push(spawn("/usr/sbin/snmpd", [...words, "-p", join(folder, "snmpd.pid")], { stdio: "ignore" }));
  const at = ["-v", "1", "-c", "private", `127.0.0.1:${port}`, ".1.3.6.1.2.1.1.4.0"];
  // The agent notes what it was told; the board's own switch acts.
  const both = (told: string, done: string) => [
    ["snmpset", ...at, "s", told].join(" "),
    `${inRoot("scripts/board")} power ${done} --socket ${join(folder, "snmp.qmp")}`,
  ];
  const commands = { power_off: both("off", "off"), hard_reset: both("on", "reset") };
  const board = await startRealBoard({ folder, name: "snmp", changes: { commands } });
  try {
    const output = join(folder, "out-snmp");
    const job = adaptJob(folder, "uboot-arm64");
    const { code } = await runCli([...runWords(board.device, output, "7201"), ...boardWords(board), job]);
    expect({ code, error: expectCompleteOutputs(output).verdict.error }).toEqual({ code: 0 });
    expect(execFileSync("snmpget", ["-Oqv", ...at], { encoding: "utf8" })).toContain("off");
    expect(messages(output).some((line) => /snmpset.*\bon\b/.test(line))).toBe(true);
    expect(board.powerWords()).toEqual(["reset", "off"]);
  } finally {
    await board.destroy();
  }
});

/** A portmapper and an NFS server in a network of their own, and a command in it. $0: folder; $1: the server's. */
const NETWORK = `
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir -p /run/rpcbind
rpcbind -f -i -w >"$0/rpcbind.log" 2>&1 &
sleep 0.5
LD_LIBRARY_PATH="$1/lib" "$1/bin/ganesha.nfsd" -F -f "$0/nfs.conf" -L "$0/nfs.log" -p "$0/nfs.pid" >/dev/null 2>&1 &
tries=0
until rpcinfo -t 127.0.0.1 nfs 3 >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || { tail "$0/nfs.log" >&2; exit 99; }
  sleep 0.2
done
shift
"$@"
`;

describe.skipIf(noNfsServer() !== undefined)("the check of a persistent NFS root", () => {
  const server = inRoot(".images/nfs-server");
  const device = {
    ...DEVICE,
    commands: { connect: "telnet 127.0.0.1 1" },
    actions: {
      deploy: { connections: { serial: null }, methods: { tftp: null } },
      boot: { connections: { serial: null }, methods: { minimal: null } },
    },
  };
  const job = (address: string) => ({
    job_name: "persistent NFS",
    visibility: "public",
    timeouts: { job: { minutes: 1 }, action: { seconds: 40 }, connection: { seconds: 20 } },
    actions: [
      {
        deploy: {
          to: "tftp",
          os: "oe",
          kernel: { url: `file://${guestFile("arm64", "kernel")}` },
          persistent_nfs: { address },
        },
      },
    ],
  });

  /** Runs the job in a network of its own, with both servers or without any. */
  async function check(name: "found" | "lost") {
    for (const each of ["exported", "state", "tftp"]) mkdirSync(join(folder, each), { recursive: true });
    writeFileSync(
      join(folder, "nfs.conf"),
      `NFS_CORE_PARAM { NFS_Port = 2049; MNT_Port = 20048; Protocols = 3,4; Enable_UDP = false; Enable_NLM = false;
  Enable_RQUOTA = false; Plugins_Dir = ${server}/plugins; }
NFSV4 { Graceless = true; RecoveryRoot = ${folder}/state; Only_Numeric_Owners = true; UseGetpwnam = true; DomainName = localdomain; }
NFS_KRB5 { Active_krb5 = false; }
EXPORT { Export_Id = 1; Path = ${folder}/exported; Pseudo = /exported; Protocols = 3,4; Access_Type = RW;
  Squash = No_Root_Squash; Transports = TCP; SecType = sys,none; PrivilegedPort = false; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
`,
    );
    const files = { device: join(folder, `${name}-device.yaml`), job: join(folder, `${name}-job.yaml`) };
    writeFileSync(files.device, stringify(device));
    writeFileSync(files.job, stringify(job(`127.0.0.1:${folder}/exported`)));
    const output = join(folder, `out-${name}`);
    const cli = [
      process.execPath,
      inRoot("dist/lava-dispatch.js"),
      ...runWords(files.device, output, "7202"),
      ...["--tftp-root", join(folder, "tftp")],
      files.job,
    ];
    const apart = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"];
    const words = name === "found" ? ["sh", "-ec", NETWORK, folder, server, ...cli] : cli;
    await promisify(execFile)("unshare", [...apart, ...words]).catch((error) => {
      if (error.code === 99) throw error;
    });
    return { error: expectCompleteOutputs(output).verdict.error, said: messages(output) };
  }

  test("a server that the portmapper knows is found; where none answers that is told", async () => {
    const found = await check("found");
    expect(found.said.some((line) => line.includes("program 100003 version 3 ready"))).toBe(true);
    // To mount it is the kernel's matter, and not every kernel can.
    expect(found.error?.message ?? "").not.toContain("does not answer");
    const { error } = await check("lost");
    expect(error?.message).toContain("The NFS server 127.0.0.1 does not answer");
  });
});

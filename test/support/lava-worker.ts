/**
 * Starts `lava-run` as LAVA's worker does, and looks after it as the worker does: files from the server, the environment
 * that the server says, a process group of its own, standard error as the job's errors, signals, and what is removed at the end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { LavaServer, StoredJob } from "./lava-server.js";

export interface WorkerOptions {
  server: LavaServer;
  /** The worker's folder. */
  folder: string;
  /** Where the worker looks for what jobs download, and removes it. */
  downloads: string;
}

export interface WorkerJob {
  pid: number;
  base: string;
  exit: Promise<number | null>;
  /** As the worker asks: is there a process of this id, and is lava-run in its command line? */
  isRunning(): boolean;
  /** What the worker does when a job is cancelled; and again after a minute. */
  terminate(): void;
  /** What it does when that does not help. */
  kill(): void;
  /** Tells the server how it ended, and removes what the job left. */
  finish(): Promise<void>;
}

/** The environment of a job, from the server's `env.yaml`. */
function environment(text: string): NodeJS.ProcessEnv {
  const {
    purge,
    removes = [],
    overrides = {},
  } = (parse(text) ?? {}) as {
    purge?: boolean;
    removes?: string[];
    overrides?: { [name: string]: string };
  };
  const env = purge ? {} : { ...process.env };
  for (const name of removes) delete env[name];
  return { ...env, ...overrides };
}

export async function startJob(id: string, { server, folder, downloads }: WorkerOptions): Promise<WorkerJob> {
  const { token } = server.jobs.get(id) as StoredJob;
  const address = `${server.url}/scheduler/internal/v1/jobs/${id}/`;
  const headers = { "LAVA-Token": token };
  const files = (await (await fetch(address, { headers })).json()) as { [name: string]: string };
  const prefix = (parse(files.dispatcher ?? "") as { prefix?: string } | null)?.prefix ?? "";
  const base = join(folder, "tmp", `${prefix}${id}`);
  mkdirSync(base, { recursive: true, mode: 0o755 });
  const put = (name: string, key = name) => {
    writeFileSync(join(base, `${name}.yaml`), files[key] ?? "");
    return join(base, `${name}.yaml`);
  };
  const job = put("job", "definition");
  const args = [
    `--device=${put("device")}`,
    `--dispatcher=${put("dispatcher")}`,
    `--output-dir=${base}`,
    `--job-id=${id}`,
    `--url=${server.url}`,
    `--token=${token}`,
    "--job-log-interval=1",
    job,
    ...(files["env-dut"] ? [`--env-dut=${put("env-dut")}`] : []),
  ];
  const [stdout, stderr] = ["stdout", "stderr"].map((name) => openSync(join(base, name), "w"));
  const child: ChildProcess = spawn("lava-run", args, {
    env: environment(files.env ?? ""),
    detached: true,
    stdio: ["ignore", stdout, stderr],
  });
  for (const file of [stdout, stderr]) closeSync(file as number);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const pid = child.pid as number;
  const post = (form: { [name: string]: string }) =>
    fetch(address, { method: "POST", headers, body: new URLSearchParams(form) });
  await post({ state: "RUNNING" });
  const text = (name: string) => (existsSync(join(base, name)) ? readFileSync(join(base, name), "utf8") : "");
  return {
    pid,
    base,
    exit,
    isRunning() {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("lava-run");
      } catch {
        return false;
      }
    },
    terminate: () => process.kill(pid, "SIGTERM"),
    kill: () => process.kill(-pid, "SIGKILL"),
    async finish() {
      const result = (parse(text("result.yaml")) ?? {}) as { result?: string; error_type?: string };
      await post({
        state: "FINISHED",
        result: result.result ?? "fail",
        error_type: result.error_type ?? (result.result === "pass" ? "" : "Bug"),
        errors: text("stderr"),
        description: text("description.yaml"),
      });
      for (const path of [join(downloads, `${prefix}${id}`), base]) rmSync(path, { recursive: true, force: true });
    },
  };
}

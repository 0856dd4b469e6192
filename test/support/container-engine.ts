/** A container engine of one test file's own, on a socket of its own; or the system's, where one answers. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { findProgram } from "../../src/services/programs.js";
import { inRoot } from "./workspace.js";

const ENGINE = inRoot(".images/container-engine");

export interface ContainerEngine {
  docker(...words: string[]): string;
  /** Makes an image of busybox, and with it programs of this machine with their libraries, and further files by their paths. */
  image(name: string, programs?: string[], files?: { [path: string]: string }): void;
  stop(): Promise<void>;
}

const answers = (): boolean =>
  findProgram("docker", process.env) !== undefined &&
  spawnSync("docker", ["info", "--format", "{{.ServerVersion}}"], { timeout: 20_000, stdio: "ignore" }).status === 0;

/** The reason to skip; undefined when an engine answers or can be tried. */
export const noContainerEngine = (): string | undefined =>
  answers()
    ? undefined
    : !existsSync(join(ENGINE, "bin/dockerd"))
      ? "no container engine answers, and Docker is not there (npm run setup)"
      : process.getuid?.() !== 0
        ? "no container engine answers, and only root can start one"
        : undefined;

/** All that a program needs of this machine, at its own places below `tree`. */
function copyProgram(tree: string, name: string): void {
  const file = realpathSync(findProgram(name, process.env) ?? name);
  cpSync(file, join(tree, "usr/bin", name));
  const libraries = execFileSync("ldd", [file], { encoding: "utf8" }).match(/\/[^ )]+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(tree, dirname(library)), { recursive: true });
    cpSync(realpathSync(library), join(tree, library));
  }
  if (name.startsWith("qemu-"))
    cpSync("/usr/lib/ipxe/qemu/efi-virtio.rom", join(tree, "usr/share/qemu/efi-virtio.rom"));
}

function makeImage(folder: string, name: string, programs: string[], files: { [path: string]: string }): void {
  const tree = join(folder, "image");
  for (const each of ["bin", "etc", "root", "tmp", "usr/bin", "usr/sbin"])
    mkdirSync(join(tree, each), { recursive: true });
  const busybox = findProgram("busybox", process.env) as string;
  cpSync(realpathSync(busybox), join(tree, "bin/busybox"));
  for (const each of execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n").filter(Boolean))
    if (each !== "busybox") symlinkSync("busybox", join(tree, "bin", each));
  writeFileSync(join(tree, "bin/bash"), "#!/bin/sh\nexec /bin/sh -i\n", { mode: 0o755 });
  for (const program of programs) copyProgram(tree, program);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: 0o755 });
  }
  const tar = join(folder, "image.tar");
  execFileSync("tar", ["-C", tree, "-cf", tar, "."]);
  execFileSync("docker", ["import", tar, name], { stdio: "pipe" });
  rmSync(tree, { recursive: true });
  rmSync(tar);
}

/** Starts one that has no network of its own: containers have this machine's, or none. @throws with its log when it does not come */
async function startOwn(folder: string): Promise<ChildProcess> {
  const log = join(folder, "dockerd.log");
  const words = [
    ...[
      "--data-root",
      join(folder, "data"),
      "--exec-root",
      join(folder, "exec"),
      "--pidfile",
      join(folder, "dockerd.pid"),
    ],
    ...[
      "--host",
      `unix://${folder}/docker.sock`,
      "--storage-driver",
      "vfs",
      "--init-path",
      join(ENGINE, "bin/tini-static"),
    ],
    ...["--iptables=false", "--ip6tables=false", "--bridge=none"],
  ];
  const path = [join(ENGINE, "bin"), process.env.PATH].join(delimiter);
  const out = openSync(log, "w");
  const daemon = spawn(join(ENGINE, "bin/dockerd"), words, {
    env: { ...process.env, PATH: path, LD_LIBRARY_PATH: join(ENGINE, "lib") },
    stdio: ["ignore", out, out],
    detached: true,
  });
  process.env.DOCKER_HOST = `unix://${folder}/docker.sock`;
  // The client of the same version, unless this machine has one.
  if (!findProgram("docker", process.env)) process.env.PATH = path;
  while (!answers()) {
    if (daemon.exitCode !== null) throw new Error(`dockerd ended: ${readFileSync(log, "utf8").slice(-1500)}`);
    await new Promise((next) => setTimeout(next, 200));
  }
  return daemon;
}

/** The engine for this test file; what it keeps lies in `folder`. The tests' own process and its children use it from then on. */
export async function startContainerEngine(folder: string): Promise<ContainerEngine> {
  mkdirSync(folder, { recursive: true });
  const { DOCKER_HOST, PATH } = process.env;
  const daemon = answers() ? undefined : await startOwn(folder);
  const images: string[] = [];
  return {
    docker: (...words) => execFileSync("docker", words, { encoding: "utf8", stdio: "pipe" }),
    image(name, programs = [], files = {}) {
      makeImage(folder, name, programs, files);
      images.push(name);
    },
    async stop() {
      for (const name of images) spawnSync("docker", ["image", "rm", "--force", name], { stdio: "ignore" });
      if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = DOCKER_HOST;
      process.env.PATH = PATH;
      if (!daemon) return;
      const ended = once(daemon, "exit");
      daemon.kill("SIGTERM");
      await ended;
      spawnSync("umount", [join(folder, "exec/netns/default")], { stdio: "ignore" });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

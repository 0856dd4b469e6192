import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CloneInput, cloneRepository } from "../../src/services/git-clone.js";
import { testDefinitionGit } from "../../src/services/test-definition-git.js";
import { ImpatientClock, type TestContext, testContext } from "./service-context.js";
import { standIns } from "./stand-in.js";

let context: TestContext;
let repository: string;
let target: string;
const closed: (() => unknown)[] = [];

const git = (...args: string[]): string =>
  execFileSync(
    "git",
    ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always", ...args],
    {
      cwd: repository,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: context.root },
    },
  ).trim();
const commit = (text: string): string => {
  writeFileSync(join(repository, "file"), text);
  git("add", "file");
  git("commit", "-q", "-m", text);
  return git("rev-parse", "HEAD");
};

beforeEach(() => {
  context = testContext({ clock: new ImpatientClock() });
  repository = join(context.paths.jobDir, "repo");
  target = join(context.paths.work, "clone");
  mkdirSync(repository);
  git("init", "-q", "-b", "main");
});
afterEach(async () => {
  for (const close of closed.splice(0)) close();
  await context.cleanup();
});

const clone = (input: Partial<CloneInput> = {}) => cloneRepository({ repository, ...input }, target, context);
const cloned = () => readFileSync(join(target, "file"), "utf8");

/** The repository on a real git server. */
async function gitDaemon(): Promise<string> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const daemon: ChildProcess = spawn(
    "git",
    [
      "daemon",
      "--verbose",
      "--export-all",
      "--listen=127.0.0.1",
      `--port=${port}`,
      `--base-path=${context.paths.jobDir}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  closed.push(() => process.kill(-(daemon.pid as number), "SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    daemon.stderr?.on("data", (bytes: Buffer) => bytes.includes("Ready") && resolve());
    daemon.once("exit", () => reject(new Error("git daemon ended")));
  });
  return `git://127.0.0.1:${port}/repo`;
}

/** The repository's files over plain ("dumb") HTTP. */
async function dumbServer(credentials?: string): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const file = join(context.paths.jobDir, (request.url ?? "").replace(/\?.*/, ""));
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (wanted && request.headers.authorization !== wanted)
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    else if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closed.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

describe("what is cloned", () => {
  test("a local repository, by path, relative path and file: URL; gives the commit", async () => {
    const head = commit("one");
    for (const url of [repository, "repo", "./repo", "file:repo", "file:../job/repo", `file://${repository}`]) {
      expect(await clone({ repository: url })).toEqual({ commit: head });
      expect(cloned()).toBe("one");
    }
  });

  test("branch, revision (commit, tag, branch of the server), history", async () => {
    const first = commit("one");
    git("tag", "v1");
    const second = commit("two");
    git("checkout", "-q", "-b", "feature");
    const third = commit("three");
    git("checkout", "-q", "main");
    expect(await clone()).toEqual({ commit: second });
    expect(await clone({ branch: "feature" })).toEqual({ commit: third });
    expect(await clone({ revision: first })).toEqual({ commit: first });
    expect(await clone({ revision: first.slice(0, 10) })).toEqual({ commit: first });
    expect(await clone({ revision: "v1" })).toEqual({ commit: first });
    expect(await clone({ revision: "feature" })).toEqual({ commit: third });
    expect(cloned()).toBe("three");
    expect(existsSync(join(target, ".git"))).toBe(true);
    await clone({ history: false });
    expect(readdirSync(target)).toEqual(["file"]);
  });

  test("shallow from a server, and all of it when a revision is asked for", async () => {
    const first = commit("one");
    commit("two");
    const url = await gitDaemon();
    const count = () => execFileSync("git", ["rev-list", "--count", "HEAD"], { cwd: target, encoding: "utf8" }).trim();
    await clone({ repository: url });
    expect(count()).toBe("1");
    await clone({ repository: url, shallow: false });
    expect(count()).toBe("2");
    expect(await clone({ repository: url, revision: first })).toEqual({ commit: first });
  });

  test("a server without shallow clones gives a full one", async () => {
    const head = commit("one");
    git("update-server-info");
    const { url } = await dumbServer();
    expect(await clone({ repository: `${url}/repo/.git` })).toEqual({ commit: head });
    expect(context.log.text()).toContain("--depth=1");
    expect(context.log.text()).toContain("the server cannot do shallow clones");
  });

  test("submodules only when asked for; a server's may not name this machine's folders", async () => {
    const inner = join(context.paths.jobDir, "inner");
    execFileSync("git", ["init", "-q", inner]);
    const outer = repository;
    repository = inner;
    commit("inner");
    repository = outer;
    git("submodule", "--quiet", "add", inner, "sub");
    commit("outer");
    await clone();
    expect(readdirSync(join(target, "sub"))).toEqual([]);
    await clone({ recursive: true });
    expect(readdirSync(join(target, "sub"))).toContain("file");
    const url = await gitDaemon();
    await expect(clone({ repository: url, recursive: true })).rejects.toMatchObject({
      name: "JobError",
      message: `'${url}' has a submodule that may not be fetched`,
    });
  });

  test("an outer git's environment does not lead astray", async () => {
    const head = commit("one");
    context.env = { ...context.env, GIT_DIR: "/nonexistent", GIT_WORK_TREE: "/", GIT_INDEX_FILE: "/x" };
    expect(await clone()).toEqual({ commit: head });
  });

  test("a job's secret in the URL is used and not told; the worker's environment is not the job's", async () => {
    const { url, requests } = await dumbServer();
    context.job = { secrets: { TOKEN: "t0ken" } };
    context.env = { ...context.env, WORKER: "w0rker" };
    await clone({ repository: `${url}/$TOKEN/\${TOKEN}/$WORKER/repo` }).catch(() => {});
    expect(requests[0]).toContain("/t0ken/t0ken/$WORKER/repo");
    expect(context.log.text().split("\n")[0]).toContain("$TOKEN");
  });
});

test("a URL's credentials are in no process list, and not left in the clone", async () => {
  const head = commit("one");
  git("update-server-info");
  const { url } = await dumbServer("me:s3cret");
  const tools = standIns();
  closed.push(() => tools.remove());
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  tools.tool("git", `exec '${real}' "$@"`);
  context.env = { ...context.env, PATH: tools.path };
  const repository = `${url.replace("//", "//me:s3cret@")}/repo/.git`;
  expect(await clone({ repository })).toEqual({ commit: head });
  expect(JSON.stringify(tools.calls())).not.toContain("s3cret");
  expect(readFileSync(join(target, ".git/config"), "utf8")).not.toContain("s3cret");
  expect(context.log.text()).not.toContain("s3cret");
});

describe("what goes wrong", () => {
  test.each(["ssh://-oProxyCommand=touch x/repo", "http://", "https://host:port/x"])(
    "%j is a JobError at once",
    async (url) => {
      await expect(clone({ repository: url })).rejects.toMatchObject({ name: "JobError" });
      expect(context.log.text()).not.toContain("trying again");
    },
  );

  test("a submodule that brings a command is a JobError at once", async () => {
    commit("one");
    writeFileSync(
      join(repository, ".gitmodules"),
      '[submodule "x"]\n\tpath = x\n\turl = ./x\n\tupdate = !touch pwned\n',
    );
    const inner = join(repository, "x");
    mkdirSync(inner);
    execFileSync("git", ["init", "-q", inner]);
    execFileSync("git", [
      "-C",
      inner,
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@x",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      "x",
    ]);
    git("add", ".gitmodules", "x");
    git("commit", "-q", "-m", "two");
    await expect(clone({ recursive: true })).rejects.toMatchObject({ name: "JobError" });
    expect(context.log.text()).not.toContain("trying again");
    expect(existsSync(join(target, "x", "pwned"))).toBe(false);
  });

  test("no such branch, revision, folder: JobErrors", async () => {
    commit("one");
    await expect(clone({ branch: "gone" })).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("no branch 'gone'"),
    });
    await expect(clone({ revision: "gone" })).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("'gone'"),
    });
    await expect(clone({ repository: "nowhere" })).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("nowhere"),
    });
    await expect(clone({ repository: context.paths.work })).rejects.toMatchObject({ name: "JobError" });
  });

  test("a server without the repository: JobError, at once", async () => {
    const { url, requests } = await dumbServer();
    await expect(clone({ repository: `${url}/gone.git` })).rejects.toMatchObject({
      name: "JobError",
      message: `There is no git repository at '${url}/gone.git'`,
    });
    expect(requests.length).toBe(1);
  });

  test("a repository that wants a password asks nobody", async () => {
    const server = createServer((_, response) =>
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closed.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/private.git`;
    await expect(clone({ repository: url })).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("credentials"),
    });
  });

  test("nothing listens: InfrastructureError after 6 attempts", async () => {
    const { url } = await dumbServer();
    for (const close of closed.splice(0)) close();
    await expect(clone({ repository: `${url}/x.git` })).rejects.toMatchObject({ name: "InfrastructureError" });
    expect(context.log.lines.filter(({ level }) => level === "warning").map(({ message }) => message)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `git clone failed (${n} of 6), trying again in 5 s`),
    );
  });

  test("a server that comes back is cloned from", async () => {
    const head = commit("one");
    git("update-server-info");
    let refused = 2;
    const server = createServer((request, response) => {
      if (refused > 0 && request.url?.includes("info/refs") && refused--) return response.writeHead(503).end();
      const file = join(context.paths.jobDir, (request.url ?? "").replace(/\?.*/, ""));
      return existsSync(file) ? response.end(readFileSync(file)) : response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closed.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/repo/.git`;
    expect(await clone({ repository: url })).toEqual({ commit: head });
  });

  test("a killed git: InfrastructureError that says so", async () => {
    const bin = join(context.root, "bin");
    mkdirSync(bin);
    const pid = join(context.root, "pid");
    writeFileSync(join(bin, "git"), `#!/bin/sh\necho $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 1000\n`, {
      mode: 0o755,
    });
    context.env = { ...context.env, PATH: `${bin}:${context.env.PATH}` };
    const running = clone();
    while (!existsSync(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
    await expect(running).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("was killed by SIGKILL"),
      advice: expect.stringContaining("killed"),
    });
  });

  test.each(["ext::sh -c touch% x", "fd::17", "ftp://host/x", "--upload-pack=touch x"])(
    "%s is refused",
    async (url) => {
      await expect(clone({ repository: url })).rejects.toMatchObject({ name: "JobError" });
    },
  );

  test.each(["--upload-pack=x", "-x", "a b", "$(id)"])(
    "branch and revision %s are names, never options",
    async (name) => {
      commit("one");
      await expect(clone({ branch: name })).rejects.toMatchObject({ name: "JobError" });
      await expect(clone({ revision: name })).rejects.toMatchObject({ name: "JobError" });
    },
  );

  test("abort ends it", async () => {
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closed.push(() => silent.close());
    const running = clone({ repository: `git://127.0.0.1:${(silent.address() as AddressInfo).port}/x` });
    const reason = new Error("timeout");
    setTimeout(() => context.abort(reason), 100);
    await expect(running).rejects.toBe(reason);
  });
});

describe("test-definition-git", () => {
  test("clones into the overlay and tells the namespace", async () => {
    const head = commit("one");
    const directory = join(context.paths.work, "overlay");
    context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
    const input = {
      index: 1,
      stage: 0,
      name: "smoke",
      path: "file",
      repository: "file:repo",
      branch: "main",
      history: null,
    };
    const result = await context.use(testDefinitionGit, input);
    expect(result?.data).toEqual({
      tests: {
        1: {
          uuid: "42_1.2",
          name: "smoke",
          id: "1_smoke",
          stage: 0,
          path: "file",
          directory: join(directory, "lava-42/0/tests/1_smoke"),
          target_directory: "/lava-42/0/tests/1_smoke",
          repository: "file:repo",
          from: "git",
          commit_id: head,
        },
      },
    });
    expect(readFileSync(join(directory, "lava-42/0/tests/1_smoke/file"), "utf8")).toBe("one");
    expect(await testDefinitionGit.validate?.({ path: "../../etc/passwd" }, context)).toMatchObject([
      { name: "JobError" },
    ]);
  });
});

/** What a job may read of the worker by naming it. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { fileDownload } from "../../src/services/file-download.js";
import { cloneRepository } from "../../src/services/git-clone.js";
import { testDefinitionBzr } from "../../src/services/test-definition-bzr.js";
import { tftpDirectory } from "../../src/services/tftp-directory.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
let allowed: string;
let other: string;
beforeEach(() => {
  context = testContext();
  allowed = join(context.root, "images");
  other = join(context.root, "other");
  for (const folder of [allowed, other]) {
    mkdirSync(folder);
    writeFileSync(join(folder, "kernel"), folder);
  }
  symlinkSync(join(other, "kernel"), join(allowed, "link"));
});
afterEach(() => context.cleanup());

const fetchFile = (path: string) => context.use(fileDownload, { url: `file://${path}`, key: "kernel" });
const refused = {
  name: "JobError",
  message: expect.stringContaining("does not give"),
  advice: expect.stringContaining("job_folders"),
};

test("without settings a job reads what its dispatcher reads, as with LAVA", async () => {
  for (const path of [join(allowed, "kernel"), join(other, "kernel"), join(allowed, "link")])
    expect(await fetchFile(path)).toMatchObject({ extra: { label: "kernel" } });
});

test("settings name the folders that jobs may read; links are resolved first", async () => {
  context.dispatcher = { job_folders: [allowed] };
  expect(await fetchFile(join(allowed, "kernel"))).toMatchObject({ extra: { label: "kernel" } });
  for (const path of [join(other, "kernel"), join(allowed, "link"), join(allowed, "../other/kernel")])
    await expect(fetchFile(path)).rejects.toMatchObject(refused);
});

test("nothing is told of what lies outside: it may be there or not", async () => {
  context.dispatcher = { job_folders: [allowed] };
  const told = async (path: string) => {
    const [error] = (await fileDownload.validate?.({ url: `file://${path}`, key: "kernel" }, context)) ?? [];
    return error?.message.replace(path, "PATH");
  };
  expect(await told(join(other, "kernel"))).toBe(await told(join(other, "gone")));
});

test("repositories of the worker are files of it as well, their submodules too", async () => {
  const git = (folder: string, ...words: string[]) =>
    execFileSync(
      "git",
      ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always", ...words],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: context.root },
        stdio: "ignore",
      },
    );
  for (const folder of [other, allowed]) {
    git(folder, "init", "-q");
    git(folder, "add", "kernel");
    git(folder, "commit", "-q", "-m", "one");
  }
  git(allowed, "submodule", "add", other, "sub");
  git(allowed, "commit", "-q", "-m", "two");
  context.dispatcher = { job_folders: [allowed] };
  const clone = (repository: string, recursive = false) =>
    cloneRepository({ repository, recursive }, join(context.paths.work, "clone"), context);
  await clone(allowed);
  expect(readFileSync(join(context.paths.work, "clone/kernel"), "utf8")).toBe(allowed);
  await expect(clone(other)).rejects.toMatchObject(refused);
  await expect(clone(`file://${other}`)).rejects.toMatchObject(refused);
  await expect(clone(allowed, true)).rejects.toMatchObject({ name: "JobError" });
  const bzr = { index: 0, stage: 0, name: "x", path: "x.yaml", repository: other };
  expect(await testDefinitionBzr.validate?.(bzr, context)).toEqual([expect.objectContaining(refused)]);
});

test.each(["/proc/self/environ", "/proc/version", "/sys/kernel/uevent_seqnum", "/dev/zero"])(
  "%s is no file for a job",
  async (path) => {
    await expect(fetchFile(path)).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("worker's own system"),
    });
  },
);

test("a file that others may not read is handed on with a warning", async () => {
  chmodSync(join(allowed, "kernel"), 0o600);
  await fetchFile(join(allowed, "kernel"));
  expect(context.log.text()).toContain(`warning Other users of this worker may not read '${join(allowed, "kernel")}'`);
});

test("a file that others may not read is no more readable while the job has it", async () => {
  const path = join(other, "kernel");
  chmodSync(path, 0o640);
  const modes: number[] = [];
  const mode = (file: string) => statSync(file).mode & 0o777;
  const parts = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((name) => name.endsWith(".part"));
  context.progress = () => void modes.push(...parts(context.paths.work).map(mode));
  const fileOf = (key: string) => ((context.data.downloads as JsonMap)[key] as { file: string }).file;
  const file = async (more = {}) => {
    await context.use(fileDownload, { url: `file://${path}`, key: "kernel", ...more });
    return fileOf("kernel");
  };
  const kept = await file();
  expect(mode(kept)).toBe(0o600);
  // What is made of it lies beside it.
  expect(mode(join(kept, ".."))).toBe(0o700);
  expect(modes).not.toEqual([]);
  expect(modes.every((each) => each === 0o600)).toBe(true);
  execFileSync("tar", ["-cf", join(other, "a.tar"), "-C", other, "kernel"]);
  chmodSync(join(other, "a.tar"), 0o600);
  await context.use(fileDownload, { url: `file://${other}/a.tar`, key: "rootfs", archive: "tar" });
  expect(mode(fileOf("rootfs"))).toBe(0o700);
  // The TFTP server is another user. The folder has a name that cannot be looked up.
  await context.use(tftpDirectory, { prefix: "tftp-deploy-" });
  const { directory } = context.data.tftp as { directory: string };
  const served = await file({ directory });
  expect(mode(served)).toBe(0o644);
  expect(mode(join(directory, ".."))).toBe(0o711);
  chmodSync(path, 0o644);
  expect(mode(await file())).toBe(0o644);
});

/** Test definitions from bzr and from tar, which LAVA has no more. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { overlayDirectory } from "../../src/services/overlay-directory.js";
import { testDefinitionBzr } from "../../src/services/test-definition-bzr.js";
import { testDefinitionTar } from "../../src/services/test-definition-tar.js";
import { testOverlay } from "../../src/services/test-overlay.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

const YAML = "metadata: {format: Lava-Test Test Definition 1.0, name: old}\nrun: {steps: [date]}\n";
let context: TestContext;
let tools: StandIns;
beforeEach(async () => {
  tools = standIns();
  context = testContext({ env: { PATH: tools.path } });
  await context.use(overlayDirectory, { results_dir: "/lava-%s", shell: "/bin/sh" });
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});
const common = { index: 0, stage: 0, name: "old", path: "tests/old.yaml" };
const directory = () => (context.data.tests as { [index: string]: { directory: string } })["0"]!.directory;

describe("from tar", () => {
  const packed = async (files: { [name: string]: string }, gzip = true) => {
    const folder = join(context.root, "files");
    mkdirSync(join(folder, "tests"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    await create({ cwd: folder, file: join(context.root, "a.tar"), gzip }, ["."]);
    return readFileSync(join(context.root, "a.tar")).toString("base64");
  };
  it.each([true, false])("unpacks the archive that stands in the job (gz: %s)", async (gzip) => {
    const archive = (await packed({ "tests/old.yaml": YAML, extra: "x" }, gzip)).replace(/.{76}/g, "$&\n");
    await context.use(testDefinitionTar, { ...common, archive });
    await context.use(testOverlay, { index: 0 });
    expect(readFileSync(join(directory(), "extra"), "utf8")).toBe("x");
    expect(existsSync(join(directory(), "testdef.yaml"))).toBe(true);
  });
  it("refuses what is no base64, before the run", async () => {
    const refused = await testDefinitionTar.validate!({ ...common, archive: "http://x/a.tar" }, context);
    expect(refused).toMatchObject([{ name: "JobError", message: expect.stringContaining("base64") }]);
    expect(await testDefinitionTar.validate!({ ...common, path: "../x", archive: "aGk=" }, context)).toHaveLength(1);
  });
  it("refuses an archive that is none", async () => {
    const archive = Buffer.from("x".repeat(2000)).toString("base64");
    await context.use(testDefinitionTar, { ...common, archive }).catch(() => {});
    await expect(context.use(testOverlay, { index: 0 })).rejects.toThrow();
  });
});

describe("from bzr, the real one", () => {
  let branch: string;
  let env: NodeJS.ProcessEnv;
  const bzr = (...words: string[]) => execFileSync("bzr", words, { cwd: branch, env, encoding: "utf8", stdio: "pipe" });
  const commit = (text: string) => {
    writeFileSync(join(branch, "tests/old.yaml"), `# ${text}\n${YAML}`);
    bzr("add", "--quiet");
    bzr("commit", "--quiet", "--message", text);
  };
  beforeEach(async () => {
    env = { PATH: process.env.PATH, HOME: context.root, BRZ_EMAIL: "Test <test@localhost>" };
    Object.assign(context.env, env);
    branch = join(context.root, "branch");
    mkdirSync(join(branch, "tests"), { recursive: true });
    bzr("init", "--quiet");
    commit("first");
    commit("second");
  });
  const definition = () => readFileSync(join(directory(), "tests/old.yaml"), "utf8");

  it("exports the newest revision of a branch, without its history", async () => {
    const result = await context.use(testDefinitionBzr, { ...common, repository: branch });
    await context.use(testOverlay, { index: 0 });
    expect(definition()).toBe(`# second\n${YAML}`);
    expect(existsSync(join(directory(), ".bzr"))).toBe(false);
    expect(existsSync(join(directory(), "testdef.yaml"))).toBe(true);
    expect(result?.extra).toMatchObject({ repository: branch, commit: "head" });
  });

  it("exports the revision that is asked for; a folder begins at the job's", async () => {
    const repository = relative(context.paths.jobDir, branch);
    await context.use(testDefinitionBzr, { ...common, repository, revision: "1" });
    expect(definition()).toBe(`# first\n${YAML}`);
  });

  it("tells what bzr says of a revision, and of a branch, that is not there", async () => {
    const use = (more: object) => context.use(testDefinitionBzr, { ...common, repository: branch, ...more });
    await expect(use({ revision: "9" })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("Requested revision: '9' does not exist"),
    });
    await expect(use({ repository: join(context.root, "none") })).rejects.toThrow(/Not a branch/);
  });
});

describe("from bzr, with a stand-in", () => {
  it("exports a revision into the overlay", async () => {
    tools.tool("bzr", `mkdir -p "$4/tests"; printf '%s' '${YAML}' > "$4/tests/old.yaml"`);
    const result = await context.use(testDefinitionBzr, { ...common, repository: "lp:tests", revision: "17" });
    await context.use(testOverlay, { index: 0 });
    expect(tools.calls()).toEqual([["bzr", "export", "--revision=17", "--", directory(), "lp:tests"]]);
    expect(result?.extra).toMatchObject({ repository: "lp:tests", commit: "17" });
  });
  it("needs bzr, knows its schemes, and tells what bzr said", async () => {
    expect(testDefinitionBzr.programs?.({ input: {}, device: {}, parameters: {} })).toEqual(["bzr"]);
    const refused = await testDefinitionBzr.validate!({ ...common, repository: "ext::sh -c x" }, context);
    expect(refused).toMatchObject([{ message: expect.stringContaining("ext:") }]);
    tools.tool("bzr", "echo Not a branch >&2; exit 3");
    await expect(context.use(testDefinitionBzr, { ...common, repository: "https://x" })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("Not a branch"),
    });
  });
});

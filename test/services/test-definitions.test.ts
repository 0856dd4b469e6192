import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Json, JsonMap } from "../../src/base/json.js";
import { checkDefinition, readYaml } from "../../src/services/overlay/definition.js";
import { overlayDirectory } from "../../src/services/overlay-directory.js";
import { testDefinitionInline } from "../../src/services/test-definition-inline.js";
import { testInstall } from "../../src/services/test-install.js";
import { testOverlay } from "../../src/services/test-overlay.js";
import { testRunScript } from "../../src/services/test-run-script.js";
import { buildOverlay, definition, type FixtureTest } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
afterEach(() => context?.cleanup());

const make = async (tests: FixtureTest[], input: JsonMap = {}, changes: Parameters<typeof testContext>[0] = {}) => {
  context = testContext({ dispatcher: { dispatcher_ip: "10.0.2.2" }, ...changes });
  await buildOverlay(context, input, tests);
};
const directory = () => (context.data.overlay as { directory: string }).directory;
const file = (...names: string[]) => join(directory(), "lava-42", ...names);
const read = (...names: string[]) => readFileSync(file(...names), "utf8");
const test = (index: number) => (context.data.tests as JsonMap)[index] as JsonMap;

const HEAD = [
  "###default parameters from test definition###",
  "######",
  "###test parameters from job submission###",
  "######",
];

describe("test definitions", () => {
  it("lie where the runner looks, with their own files and one list a stage", async () => {
    await make([
      { name: "one", definition: definition("one", ["true"]), path: "a/one.yaml" },
      { name: "two", definition: definition("two", ["true"]) },
      { name: "three", definition: definition("three", ["true"]), stage: 1 },
    ]);
    expect(read("0/lava-test-runner.conf")).toBe("/lava-42/0/tests/0_one\n/lava-42/0/tests/1_two\n");
    expect(read("1/lava-test-runner.conf")).toBe("/lava-42/1/tests/2_three\n");
    expect(read("0/tests/1_two/uuid")).toBe("42_1.1.3.5\n");
    expect(parse(read("0/tests/0_one/a/one.yaml"))).toEqual(definition("one", ["true"]));
    expect(read("0/tests/0_one/testdef.yaml")).toBe(read("0/tests/0_one/a/one.yaml"));
    expect(parse(read("0/tests/0_one/testdef_metadata"))).toMatchObject({ name: "one", path: "a/one.yaml" });
    expect(existsSync(file("0/tests/0_one/install.sh"))).toBe(false);
    expect(statSync(file("0/tests/0_one/run.sh")).mode & 0o777).toBe(0o755);
    expect(test(0)).toMatchObject({
      uuid: "42_1.1.3.1",
      name: "one",
      id: "0_one",
      stage: 0,
      path: "a/one.yaml",
      repository: definition("one", ["true"]),
      target_directory: "/lava-42/0/tests/0_one",
    });
  });

  it("say in the results what was made, with LAVA's keys", async () => {
    await make([]);
    context.action.level = "1.1.3.1";
    await context.use(testDefinitionInline, {
      index: 0,
      stage: 0,
      name: "a",
      path: "a.yaml",
      definition: definition("a", ["true"]),
    });
    const extra = { uuid: "42_1.1.3.1", name: "a", path: "a.yaml", from: "inline" };
    expect((await context.use(testOverlay, { index: 0 }))?.extra).toEqual(extra);
    expect((await context.use(testInstall, { index: 0 }))?.extra).toEqual({
      ...extra,
      "skipped test-install-overlay": "42_1.1.3.1",
    });
    expect((await context.use(testRunScript, { index: 0 }))?.extra).toEqual({
      ...extra,
      filename: file("0/tests/0_a/run.sh"),
    });
  });

  it("give pattern, translation and expected cases; the job's list of expected cases wins", async () => {
    const more = {
      parse: { pattern: "(?<test_case_id>.*): (?<result>.*)", fixupdict: { OK: "pass" } },
      expected: ["x"],
    };
    await make([
      { name: "a", definition: definition("a", ["true"], more) },
      { name: "b", definition: definition("b", ["true"], more), expected: ["y", "z"] },
    ]);
    expect(test(0)).toMatchObject({ pattern: more.parse.pattern, fixupdict: { OK: "pass" }, expected: ["x"] });
    expect(test(1).expected).toEqual(["y", "z"]);
  });
});

describe("run.sh", () => {
  it("is what the specification says, line by line", async () => {
    await make([
      { name: "smoke", definition: definition("smoke", ["echo one", null as unknown as string, "echo two"]) },
    ]);
    expect(read("0/tests/0_smoke/run.sh").split("\n")).toEqual([
      ...HEAD,
      "set -e",
      "set -x",
      "export TESTRUN_ID=0_smoke",
      "cd /lava-42/0/tests/0_smoke",
      'UUID="$(cat uuid)"',
      "set +x",
      'echo "<LAVA_SIGNAL_STARTRUN $TESTRUN_ID $UUID>"',
      "set -x",
      "echo one",
      "echo two",
      "set +x",
      'echo "<LAVA_SIGNAL_ENDRUN $TESTRUN_ID $UUID>"',
      "",
    ]);
  });

  it("has the definition's parameters, then the job's", async () => {
    await make([
      {
        name: "p",
        definition: definition("p", ["true"], { params: { A: 1, B: null }, parameters: { C: true, A: "it's" } }),
        parameters: { A: "job" },
        params: { D: 2.5 },
      },
    ]);
    expect(read("0/tests/0_p/run.sh").split("\n").slice(0, 10)).toEqual([
      "###default parameters from test definition###",
      "A='1'",
      "B=''",
      "C='True'",
      "A='it's'",
      "######",
      "###test parameters from job submission###",
      "A='job'",
      "D='2.5'",
      "######",
    ]);
  });

  it("waits around the signals of a slow console", async () => {
    await make([{ name: "slow", definition: definition("slow", ["true"]), delay: 5 }]);
    expect(read("0/tests/0_slow/run.sh")).toContain(
      `set +x\nexport CHARACTER_DELAY=0.005\nsleep 0.005\necho "<LAVA_SIGNAL_STARTRUN $TESTRUN_ID $UUID>"\n`,
    );
    expect(read("0/tests/0_slow/run.sh")).toContain(`set +x\nsleep 0.005\necho "<LAVA_SIGNAL_ENDRUN`);
  });

  it("sends its signals through the kernel's log when the job says so", async () => {
    await make([{ name: "k", definition: definition("k", ["true"]), signal: "kmsg" }]);
    const text = read("0/tests/0_k/run.sh");
    expect(text).toContain("\n# USE_KMSG\nexport KMSG=true\n");
    expect(text).toContain('\necho "<0><LAVA_SIGNAL_STARTRUN $TESTRUN_ID $UUID>" > /dev/kmsg\n');
    expect(text).toContain('\nunset KMSG\necho "<0><LAVA_SIGNAL_ENDRUN $TESTRUN_ID $UUID>" > /dev/kmsg\n');
    expect(await testRunScript.validate!({ signal: "smoke" }, context)).toHaveLength(1);
  });

  it("keeps $1 for the command of a test case", async () => {
    const steps = [
      "lava-test-case x --shell awk '{print $12}'",
      "lava-background-process-start y --cmd 'echo $1'",
      "awk '{print $1}'",
    ];
    await make([{ name: "d", definition: definition("d", steps) }]);
    const text = read("0/tests/0_d/run.sh");
    expect(text).toContain("awk '{print \\$12}'\n");
    expect(text).toContain("echo \\$1'\n");
    expect(text).toContain("awk '{print $1}'\n");
  });
});

describe("install.sh", () => {
  const install = {
    keys: ["https://example.com/key"],
    sources: ["deb https://example.com/ bookworm main"],
    deps: ["less", "vim"],
    "deps-debian": ["procps"],
    "deps-fedora": ["procps-ng"],
    steps: ["make"],
  };

  it("has all parts in order, with the packages of the distribution", async () => {
    await make(
      [{ name: "i", definition: definition("i", ["true"], { install, params: { A: 1 } }), parameters: { B: 2 } }],
      {
        distro: "debian",
      },
    );
    expect(read("0/tests/0_i/install.sh").split("\n")).toEqual([
      "###default parameters from test definition###",
      "A='1'",
      "######",
      "###test parameters from job submission###",
      "B='2'",
      "######",
      "lava-add-keys https://example.com/key",
      "lava-add-sources deb https://example.com/ bookworm main",
      "lava-install-packages less vim procps",
      "cd /lava-42/0/tests/0_i",
      "pwd",
      "make",
      "",
    ]);
  });

  it.each([
    [
      ["keys", "steps"],
      ["lava-add-sources deb https://example.com/ bookworm main", "lava-install-packages less vim"],
    ],
    [["all"], []],
  ])("leaves out %j", async (skip_install, rest) => {
    await make([{ name: "i", definition: definition("i", ["true"], { install }), skip_install }]);
    expect(read("0/tests/0_i/install.sh").split("\n")).toEqual([...HEAD, ...rest, ""]);
    expect(await testInstall.validate!({ skip_install: ["all", "dep"] }, context)).toHaveLength(1);
  });

  it("clones git repositories beside the definition, names and branches given by parameters too", async () => {
    context = testContext();
    const repository = join(context.paths.jobDir, "tools.git");
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: repository,
        stdio: "pipe",
      });
    mkdirSync(repository);
    git("init", "-q", "-b", "main");
    writeFileSync(join(repository, "tool"), "main");
    git("add", ".");
    git("commit", "-qm", "one");
    git("checkout", "-qb", "next");
    writeFileSync(join(repository, "tool"), "next");
    git("commit", "-qam", "two");
    git("checkout", "-q", "main");
    const repositories = [repository, { url: "URL", branch: "BRANCH", destination: "there" }];
    await buildOverlay(context, {}, [
      {
        name: "g",
        definition: definition("g", ["true"], {
          install: { "git-repos": repositories },
          params: { URL: repository, BRANCH: "main" },
        }),
        parameters: { BRANCH: "next" },
      },
      {
        name: "h",
        definition: definition("h", ["true"], { install: { "git-repos": repositories } }),
        skip_install: ["git-repos"],
      },
    ]);
    expect(read("0/tests/0_g/tools/tool")).toBe("main");
    expect(read("0/tests/0_g/there/tool")).toBe("next");
    expect(existsSync(file("0/tests/1_h/tools"))).toBe(false);
  });

  it.each(["../up", "a/b", "/abs", "..", "-x"])("refuses the destination %s", async (destination) => {
    const repositories = [{ url: "https://example.com/x.git", destination }];
    await expect(
      make([{ name: "g", definition: definition("g", ["true"], { install: { "git-repos": repositories } }) }]),
    ).rejects.toThrow(/destination/);
  });
});

describe("a definition that is wrong", () => {
  const BOMB = Array.from({ length: 10 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1},`.repeat(10) : "1"}]`).join("\n");
  const check = async (text: string) => checkDefinition(await readYaml(text, "It"), "It");
  it.each([
    ["- list", /must be a map/],
    ["metadata: {format: x}\nrun: {steps: []}", /`metadata.name` is missing/],
    ["run: {steps: []}", /`metadata` is missing/],
    ["metadata: {name: a}\nrun: {steps: one}", /`run.steps` must be a list/],
    [
      "metadata: {name: a}\nrun: {steps: []}\ninstall: {deps: x, git-repos: [{branch: b}]}",
      /install.deps.*install.git-repos\[0\]/,
    ],
    ["a: [", /not valid YAML/],
    [BOMB, /not valid YAML/],
    [`a: ${"[".repeat(100_000)}`, /not valid YAML/],
  ])("is refused with all that is wrong: %.60j", async (text, message) => {
    await expect(check(text)).rejects.toMatchObject({ name: "JobError", message: expect.stringMatching(message) });
  });

  it.each([
    ["metadata: {name: a}", [], /no `run.steps`/],
    ["metadata: {name: a}\nrun: {}", [], /no `run.steps`/],
    ["metadata: {name: a}\nrun: {steps: null}", [], /./],
    [
      "metadata: {name: a}\nrun: {steps: [true, {echo: it's, b: [1, null]}]}",
      ["true", `{'echo': "it's", 'b': [1, None]}`],
      /`run.steps\[1\]` should be a text: a text with `: ` in it needs quotes/,
    ],
    ["metadata: {name: lava}\nrun: {steps: [a]}", ["a"], /./],
  ])("runs all the same, with a note: %.60j", async (text, steps, note) => {
    const { definition, notes } = await check(text);
    expect(definition.steps).toEqual(steps);
    expect(notes.join()).toMatch(note);
  });

  it("keeps a parameter's fraction as it is written, as scripts compare it", async () => {
    const text =
      "metadata: {name: a}\nparams: {A: 6.0, B: 5.10, C: 7, D: [2.0], E: 1.0e+20}\nparameters: {F: -0.5, G: 0.00001}\nother: {H: 1.0}\n";
    const { definition } = await check(text);
    expect(definition.params).toEqual({ A: "6.0", B: "5.1", C: 7, D: ["2.0"], E: "1e+20" });
    expect(definition.parameters).toEqual({ F: "-0.5", G: "1e-05" });
    expect(definition.raw.other).toEqual({ H: 1 });
  });

  it("is read as YAML 1.1, as definitions are written, and dates stay texts", async () => {
    const text =
      "metadata: {format: Lava-Test Test Definition 1.0, name: a}\nrun: {steps: [yes]}\nparams: {A: yes, B: 0755, C: 2020-01-02}\n";
    expect((await check(text)).definition.params).toEqual({ A: true, B: 493, C: "2020-01-02" });
  });

  it("is told at validation when it stands in the job", async () => {
    await make([]);
    const errors = await testDefinitionInline.validate!({ name: "a", path: "../a", definition: {} as Json }, context);
    expect(errors).toHaveLength(1);
    expect(await testDefinitionInline.validate!({ name: "a", path: "../a" }, context)).toMatchObject([
      { message: /upwards/ },
    ]);
    expect(
      await testDefinitionInline.validate!({ name: "a", path: "a", definition: definition("a", []) }, context),
    ).toEqual([]);
  });

  it.each(["../../../../etc/passwd", "/etc/passwd", "link", "linked/passwd", "missing", "folder"])(
    "never shows the worker's own files: %s",
    async (path) => {
      context = testContext();
      await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
      const inline = { index: 0, stage: 0, name: "a", path: "a.yaml", definition: definition("a", ["true"]) };
      await context.use(testDefinitionInline, inline);
      symlinkSync("/etc/passwd", file("0/tests/0_a/link"));
      symlinkSync("/etc", file("0/tests/0_a/linked"));
      mkdirSync(file("0/tests/0_a/folder"));
      test(0).path = path;
      await expect(context.use(testOverlay, { index: 0 })).rejects.toMatchObject({ name: "JobError" });
      expect(existsSync(file("0/tests/0_a/testdef.yaml"))).toBe(false);
    },
  );

  it.each(["a b", "../x", "a/b", ""])("has a name that cannot be a folder: %j", async (name) => {
    await expect(make([{ name, path: "x", definition: definition("a", ["true"]) }])).rejects.toThrow(/test name/);
  });
});

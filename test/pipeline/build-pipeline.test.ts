import { expect, describe as group, test } from "vitest";
import { describe, describeYaml } from "../../src/pipeline/describe.js";
import { loadMachines } from "../../src/strategies/load-machines.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { projectMachines } from "../strategies/machine-files.js";
import { action, bootJob, build, buildFile, jobText, nodes } from "./pipelines.js";

test.each([
  ["uboot-all", "uboot-device"],
  ["uboot-bare", "uboot-device"],
  ["qemu-overlays", "qemu-device"],
])("the tree of %s on %s", (job, device) => {
  const pipeline = buildFile(job, device);
  expect(shown([...pipeline.problems, ...pipeline.validation])).toBe("");
  expectGolden(`pipeline/${job}.yaml`, describeYaml(describe(pipeline)));
});

test("a pipeline is plain JSON", () => {
  const pipeline = buildFile("uboot-all", "uboot-device");
  expect(JSON.parse(JSON.stringify(pipeline))).toEqual(pipeline);
});

test("names have neither spaces nor underscores; levels are dotted positions", () => {
  const pipeline = buildFile("uboot-all", "uboot-device");
  for (const node of nodes(pipeline.actions)) {
    expect(node.name).toMatch(/^[^\s_]+$/);
    expect(node.summary).not.toBe("");
    node.children.forEach((child, i) => {
      expect(child.level).toBe(`${node.level}.${i + 1}`);
    });
  }
});

group("namespaces", () => {
  test("traits, stages and running indices (spec job.md §3, test-shell.md §1)", () => {
    const { scope, actions } = buildFile("uboot-all", "uboot-device");
    expect(scope.namespaces.common).toMatchObject({
      needs_overlay: true,
      needs_deployment_data: true,
      has_shell: true,
      deployment_data: { distro: "debian", lava_test_sh_cmd: "/bin/bash" },
      tests: [
        { name: "smoke", index: 0, stage: 0 },
        { name: "suite", index: 1, stage: 0 },
        { name: "archive", index: 2, stage: 1 },
      ],
    });
    expect(actions.filter(({ section }) => section === "test").map(({ parameters }) => parameters.stage)).toEqual([
      0, 1,
    ]);
  });

  test("a test of one namespace asks nothing of another", () => {
    const { scope } = buildFile("qemu-overlays", "qemu-device");
    expect(scope.namespaces.first).toMatchObject({ needs_overlay: true, has_shell: true });
    expect(scope.namespaces.second).toMatchObject({ needs_overlay: false, has_shell: false, tests: [] });
  });

  test("a test counts for the namespace whose connection it shares", () => {
    const definitions = [{ from: "inline", name: "a", path: "a", repository: {} }];
    const { scope, actions } = bootJob({
      job: {
        actions: [
          { boot: { namespace: "host", method: "minimal", prompts: ["# "] } },
          { test: { namespace: "guest", "connection-namespace": "host", definitions } },
        ],
      },
    });
    expect(scope.namespaces.host).toMatchObject({ has_shell: true });
    expect(actions[0]?.children.map(({ name }) => name)).toContain("export-device-env");
  });

  test("rules that a job is refused for before it runs", () => {
    const mixed = bootJob({
      job: { actions: [{ boot: { method: "minimal", namespace: "a" } }, { boot: { method: "minimal" } }] },
    });
    const reserved = bootJob({ block: { namespace: "docker-test-shell" } });
    expect(mixed.problems).toEqual([]);
    expectGolden("pipeline/namespaces.txt", shown([...mixed.validation, ...reserved.validation]));
  });

  test("the job's protocols are merged into deploy, boot and test blocks", () => {
    const { actions } = bootJob({ job: { protocols: { "lava-multinode": { role: "server" } } } });
    expect(actions[0]?.parameters["lava-multinode"]).toEqual({ role: "server" });
    expect(actions.at(-1)?.parameters).toEqual({});
  });
});

group("constants (spec job.md §1)", () => {
  const constants = {
    failure_retry: 1,
    boot_retry: null,
    posix: { lava_test_sh_cmd: "/bin/dev" },
    "shutdown-message": "bye",
  };
  const shell = (os: string | undefined, context: object) => {
    const pipeline = build(
      {
        timeouts: { job: { hours: 1 } },
        context,
        actions: [
          { deploy: { to: "tmpfs", images: {}, ...(os && { os }) } },
          { test: { definitions: [{ from: "inline", name: "a", path: "a", repository: {} }] } },
        ],
      },
      { constants, actions: { deploy: { methods: { image: null } } } },
    );
    return pipeline.scope.namespaces.common?.constants as {
      posix: { lava_test_sh_cmd: string };
      "shutdown-message": string;
    };
  };
  test("the device's stand below those of the operating system, these below the context's", () => {
    expect(shell(undefined, {}).posix.lava_test_sh_cmd).toBe("/bin/dev");
    expect(shell("debian", {}).posix.lava_test_sh_cmd).toBe("/bin/bash");
    expect(shell("debian", { lava_test_sh_cmd: "/bin/ctx" }).posix.lava_test_sh_cmd).toBe("/bin/ctx");
    expect(shell("debian", { "shutdown-message": "now" })["shutdown-message"]).toBe("now");
  });
  test("an unknown operating system changes nothing", () =>
    expect(shell("plan9", {}).posix.lava_test_sh_cmd).toBe("/bin/dev"));
});

test("methods may be a map or, in old device files, a list", () => {
  const device = {
    constants: { failure_retry: 1, boot_retry: null },
    actions: { boot: { methods: ["minimal", { "u-boot": { parameters: { bootloader_prompt: "U" } } }] } },
  };
  const { scope, actions } = bootJob({ device });
  expect(scope.methods.boot).toEqual({ minimal: {}, "u-boot": { parameters: { bootloader_prompt: "U" } } });
  expect(actions[0]?.name).toBe("minimal-boot");
});

group("what cannot be built", () => {
  const device = jobText("uboot-device");
  const actions = (...blocks: object[]) => ({ timeouts: { job: { hours: 1 } }, actions: blocks });

  test("selection refusals", () => {
    const refused = [
      build(actions({ deploy: { to: "tfpt" } }), device),
      build(actions({ deploy: { os: "oe" } }), device),
      build(actions({ deploy: { to: "tmpfs" } }), device),
      build(actions({ boot: { method: "u-boot" } }), device),
      build(actions({ boot: { method: "qemu", prompts: ["#"] } }), device),
      build(actions({ test: { definition: [] } }), device),
      build(actions({ boot: { method: "minimal" } }), { actions: { boot: {} } }),
    ].flatMap(({ problems }) => problems);
    expect(refused.every(({ severity }) => severity === "error")).toBe(true);
    expect(refused.map(({ errorClass }) => errorClass)).toEqual([
      "JobError",
      "ConfigurationError",
      "JobError",
      "ConfigurationError",
      "JobError",
      "JobError",
      "ConfigurationError",
    ]);
    expectGolden("pipeline/refusals.txt", shown(refused));
  });

  test("a block that cannot be built keeps its level", () => {
    const { actions: built, selections } = build(
      actions({ boot: { method: "minimal" } }, { boot: { method: "minimul" } }, { boot: { method: "minimal" } }),
      device,
    );
    expect(built.map(({ level, name }) => `${level} ${name}`)).toEqual([
      "1 minimal-boot",
      "3 minimal-boot",
      "4 finalize",
    ]);
    expect(selections.map(({ level, chosen }) => [level, chosen])).toEqual([
      ["1", "boot/minimal"],
      [undefined, undefined],
      ["3", "boot/minimal"],
    ]);
  });

  test("broken jobs", () => {
    const problems = [
      build("just text", device),
      build("timeouts: {job: {minutes: 1}}", device),
      build(actions({ boots: { method: "minimal" } }, { boot: null }, { boot: {}, test: {} }), device),
      build(
        actions(
          { test: { definitions: [{ from: "bzr", name: "a.b", path: "x" }] } },
          { deploy: { to: "tftp", kernel: { url: "gopher://x" } } },
        ),
        device,
      ),
    ].flatMap((pipeline) => [...pipeline.problems, ...pipeline.validation]);
    expectGolden("pipeline/broken-jobs.txt", shown(problems));
  });

  test("what is refused in validation is described all the same", () => {
    const {
      problems,
      validation,
      actions: built,
    } = build(
      actions(
        {
          deploy: {
            to: "tftp",
            ramdisk: { url: "http://x/y", compression: "rar" },
            persistent_nfs: { address: "a:/b" },
          },
        },
        { boot: { method: "u-boot", commands: "nothing", prompts: [""], auto_login: { username: "root" } } },
        { command: { name: "dance" } },
      ),
      device,
    );
    expect(problems).toEqual([]);
    expect(built.map(({ name }) => name)).toEqual(["tftp-deploy", "uboot-action", "user-command", "finalize"]);
    expectGolden("pipeline/validation.txt", shown(validation));
  });
});

test("a new method is one file: a strategy of existing parts yields its tree, and nothing of it is TypeScript", () => {
  const text = [
    "strategy: boot/recovery-jig",
    "accepts: ['parameters.method == \"recovery-jig\"', '\"recovery-jig\" in methods.boot']",
    "pipeline:",
    "  - action: recovery-jig-boot",
    "    retry: true",
    "    pipeline:",
    "      - use: connect-device",
    "      - action: press-button",
    "        service: run-commands",
    "        timeout: 7",
    "        with: { commands: \"methods.boot['recovery-jig'].press\", required: true, label: \"'press'\" }",
    "      - {use: login, with: {method: parameters.method, booting: true}}",
  ].join("\n");
  const { machines, problems } = loadMachines([{ file: "jig.yaml", text }], { base: projectMachines() });
  expect(problems).toEqual([]);
  const pipeline = build(
    {
      timeouts: { job: { minutes: 5 } },
      actions: [{ boot: { method: "recovery-jig", prompts: ["# "], failure_retry: 2 } }],
    },
    { commands: { connect: "x" }, actions: { boot: { methods: { "recovery-jig": { press: ["jig press"] } } } } },
    { machines },
  );
  expect(pipeline.problems).toEqual([]);
  expect(describe(pipeline).slice(0, 1)).toMatchObject([
    {
      name: "recovery-jig-boot",
      level: "1",
      max_retries: 2,
      timeout: 30,
      pipeline: [
        { level: "1.1" },
        { level: "1.2", name: "press-button", timeout: 15 },
        { level: "1.3", name: "auto-login-action" },
      ],
    },
  ]);
  expect(action(pipeline, "press-button").run).toMatchObject({ kind: "service", service: "run-commands" });
});

test("an empty namespace is none, beside blocks that have none, too", () => {
  const device = { commands: { connect: "x" }, actions: { boot: { methods: { minimal: null } } } };
  const blocks = (first: object, second: object) =>
    build(
      {
        timeouts: { job: { minutes: 5 } },
        actions: [
          { boot: { method: "minimal", prompts: ["# "], ...first } },
          { boot: { method: "minimal", prompts: ["# "], ...second } },
        ],
      },
      device,
    );
  const empty = { namespace: "", "connection-namespace": "", "downloads-namespace": "" };
  for (const pipeline of [blocks(empty, empty), blocks(empty, {}), blocks({ namespace: "common" }, empty)]) {
    expect(pipeline.validation).toEqual([]);
    expect(describe(pipeline)).toEqual(describe(blocks({}, {})));
    expect([...new Set(pipeline.actions.map(({ namespace }) => namespace))]).toEqual(["common"]);
    for (const { parameters } of pipeline.actions)
      for (const key of Object.keys(empty)) expect(parameters[key]).not.toBe("");
  }
  const named = blocks({ namespace: "host.1" }, { namespace: "host.1" });
  expect(named.validation).toEqual([]);
  expect(Object.keys(named.scope.namespaces)).toContain("host.1");
  expect(blocks(empty, { namespace: "dut" }).validation).toMatchObject([
    { message: expect.stringContaining("Either all") },
  ]);
});

test("a check that only warns lets the job run: power commands of a device that is reached over ssh", () => {
  const job = {
    timeouts: { job: { minutes: 5 } },
    actions: [{ boot: { method: "ssh", connection: "ssh", prompts: ["# "] } }],
  };
  const device = {
    commands: { connect: "x", power_off: "pdu off 3" },
    actions: {
      deploy: { methods: { ssh: { host: "host", options: [], user: "root", identity_file: "k", port: 22 } } },
      boot: { methods: { ssh: null } },
    },
  };
  const { validation, problems } = build(job, device);
  expect(problems).toEqual([]);
  expect(validation.filter(({ message }) => message.includes("reached over ssh"))).toMatchObject([
    { severity: "warning", errorClass: "ConfigurationError" },
  ]);
});

test("a command that the device does not have is refused before the job runs", () => {
  const refused = (name: string, device: object) =>
    build({ timeouts: { job: { minutes: 5 } }, actions: [{ command: { name } }] }, device).validation.map(
      ({ message }) => message,
    );
  const usbg = { actions: { deploy: { methods: { "usbg-ms": { disable: "usbg off" } } } } };
  for (const name of ["hard_reset", "pre_os_command", "recovery_mode", "relay", "usbg_ms_commands_disable"])
    expect(refused(name, { commands: { connect: "x" } })).toEqual([`The device has no command "${name}".`]);
  expect(refused("hard_reset", { commands: { hard_reset: "reset" } })).toEqual([]);
  expect(refused("relay", { commands: { users: { relay: { do: "relay on" } } } })).toEqual([]);
  expect(refused("connect", { commands: { connect: "x" } })).toEqual(['The device has no command "connect".']);
  expect(refused("usbg_ms_commands_disable", usbg)).toEqual([]);
  expect(refused("hard_reset", {})).toEqual(['The device has no command "hard_reset".']);
});

test("a fragment that uses itself without end is a problem, not a crash", () => {
  const files = [
    { file: "loop.yaml", text: "{fragment: loop, pipeline: [{use: loop}, {use: loop}]}" },
    {
      file: "s.yaml",
      text: "{strategy: boot/loop, accepts: ['true'], order: 0, pipeline: [{action: a, pipeline: [{use: loop}]}]}",
    },
  ];
  const { machines } = loadMachines(files);
  const pipeline = build({ timeouts: { job: { hours: 1 } }, actions: [{ boot: {} }] }, {}, { machines });
  expect(pipeline.problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(/loop.*nest|nests/));
});

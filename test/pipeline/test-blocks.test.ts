/** The trees of every kind of test block, of groups, namespaces, services and repeat blocks, on a device of its own. */
import { expect, describe as group, test } from "vitest";
import { describe, describeYaml } from "../../src/pipeline/describe.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { build, nodes } from "./pipelines.js";

const DEVICE = `
hostname: box-1
constants: { failure_retry: 2, boot_retry: null, posix: { lava_test_sh_cmd: /bin/sh, lava_test_results_dir: /lava-%s } }
commands: { connect: telnet 127.0.0.1 7001, hard_reset: pdu reset, power_off: pdu off, users: { relay: { do: relay on, undo: relay off } } }
parameters: { allow_test_services: true }
character_delays: { test: 5 }
actions:
  deploy: { methods: { tftp: null, ssh: { options: [] }, overlay: null }, connections: { serial: null } }
  boot: { methods: { minimal: null }, connections: { serial: null } }
timeouts: { actions: { lava-docker-test-shell: { minutes: 9 }, lava-test-monitor: { seconds: 77 } }, connections: { lava-test-monitor: { seconds: 11 } } }
`;
const HEAD =
  "device_type: box\njob_name: blocks\ntimeouts: { job: { minutes: 30 }, action: { minutes: 4 }, actions: { lava-test-interactive: { seconds: 50 } } }\nvisibility: public\n";
const inline = (name: string, more = "") =>
  `{ from: inline, name: ${name}, path: ${name}.yaml, ${more}repository: { metadata: { format: "Lava-Test Test Definition 1.0", name: ${name} }, run: { steps: [ date ] } } }`;
const monitor = "{ name: m, start: BOOT, end: DONE, pattern: '(?P<result>PASS) (?P<test_case_id>.*)' }";
const script = "{ name: i, prompts: [ '=> ' ], script: [ { command: dhcp } ] }";
const service = (more: string) => `{ name: s-${more.length}, path: compose.yaml, ${more} }`;
const boot = "- boot: { method: minimal, prompts: [ '# ' ], timeout: { minutes: 2 } }\n";

const JOBS: { [name: string]: string } = {
  docker: `${boot}- test:\n    timeout: { minutes: 3 }\n    disconnect_connection: true\n    failure_retry: 3\n    docker: { image: debian }\n    definitions: [ ${inline("a")}, { from: git, name: b, repository: "https://example.com/b.git", path: b.yaml } ]\n- test: { docker: { image: debian }, definitions: [ ${inline("c")} ] }`,
  "docker-and-shell": `- deploy: { to: tftp, os: debian, kernel: { url: "http://x/k" } }\n${boot}- test: { definitions: [ ${inline("shell")} ] }\n- test: { docker: { image: debian }, definitions: [ ${inline("box")} ] }`,
  interactive: `${boot}- test: { interactive: [ ${script} ], failure_retry: 3, failure_retry_interval: 7 }\n- test: { interactive: [ ${script} ], timeout: { seconds: 99 } }`,
  monitors: `${boot}- test: { monitors: [ ${monitor} ], repeat: 4 }\n- test: { monitors: [ ${monitor} ], timeouts: { lava-test-monitor: { seconds: 3 } } }`,
  services: `- test:\n    failure_retry: 2\n    timeout: { minutes: 7 }\n    services:\n    - ${service('from: url, repository: "https://x/s.tar.gz", compression: gz, service: web')}\n    - ${service('from: git, repository: "https://x/s.git", branch: main')}\n- command: { name: stop_test_services }\n- command: { name: relay }`,
  namespaces: `- boot: { method: minimal, namespace: a, prompts: [ '# ' ] }\n- boot: { method: minimal, namespace: b, prompts: [ '# ' ] }\n- test: { namespace: a, monitors: [ ${monitor} ] }\n- test: { namespace: b, connection-namespace: a, definitions: [ ${inline("shared")} ] }`,
  repeat: `${boot}- repeat:\n    count: 2\n    actions:\n    - test: { definitions: [ ${inline("again")} ] }\n    - repeat: { count: 2, actions: [ { command: { name: relay } } ] }\n- test: { monitors: [ ${monitor} ] }`,
  "from-bzr-and-tar": `- deploy: { to: overlay, os: debian }\n${boot}- test: { definitions: [ { from: bzr, name: b, repository: "lp:b", path: b.yaml, revision: "5" }, { from: tar, name: t, repository: aGVsbG8=, path: t.yaml }, { from: url, name: u, repository: "http://x/u.tar.gz", path: u.yaml } ] }`,
};
const group_ =
  "protocols: { lava-multinode: { target_group: g, role: server, group_size: 2, sub_id: 0, roles: { '7': server, '8': client }, timeout: { minutes: 5 } } }\n";
const GROUPS: { [name: string]: string } = {
  multinode: `- deploy: { role: server, to: tftp, os: debian, kernel: { url: "http://x/k" } }\n${boot.replace("{ ", "{ role: server, ")}- test: { role: server, failure_retry: 3, definitions: [ ${inline("g")} ] }`,
  "multinode-kinds": `${boot.replace("{ ", "{ role: server, ")}- test: { role: server, monitors: [ ${monitor} ] }\n- test: { role: server, interactive: [ ${script} ] }\n- test: { role: server, docker: { image: debian }, definitions: [ ${inline("g")} ] }`,
};

const trees: [string, string][] = [
  ...Object.entries(JOBS).map(([name, blocks]): [string, string] => [name, `${HEAD}actions:\n${blocks}\n`]),
  ...Object.entries(GROUPS).map(([name, blocks]): [string, string] => [name, `${HEAD}${group_}actions:\n${blocks}\n`]),
];

test.each(trees)("the tree of %s", (name, job) => {
  const pipeline = build(job, DEVICE);
  expect(shown([...pipeline.problems, ...pipeline.validation])).toBe("");
  expect(JSON.parse(JSON.stringify(pipeline))).toEqual(pipeline);
  expectGolden(`pipeline/tests/${name}.yaml`, describeYaml(describe(pipeline)));
});

group("what is refused before anything runs", () => {
  const refused: { [name: string]: [string, string?] } = {
    "monitor-without-end": [`- test: { monitors: [ { name: m, start: a, pattern: b } ] }`],
    "interactive-without-script": ["- test: { interactive: [ { name: i, prompts: [ a ] } ] }"],
    "docker-without-image": [`- test: { docker: { local: true }, definitions: [ ${inline("a")} ] }`],
    "services-not-allowed": [JOBS.services!, DEVICE.replace("allow_test_services: true", "")],
    "services-with-one-name": [
      `- test: { services: [ ${service("from: git, repository: a")}, ${service("from: git, repository: b")} ] }`,
    ],
    "service-from-inline": [`- test: { services: [ ${service("from: inline, repository: a")} ] }`],
    "test-named-twice": [
      `- test: { definitions: [ ${inline("a")} ] }\n- test: { docker: { image: x }, definitions: [ ${inline("a")} ] }`,
    ],
    "test-named-lava": [`- test: { docker: { image: x }, definitions: [ ${inline("lava")} ] }`],
    "unknown-definition": [
      "- test: { docker: { image: x }, definitions: [ { from: svn, name: a, path: b, repository: c } ] }",
    ],
    "unknown-command": ["- command: { name: coffee }"],
    "repeat-without-actions": ["- repeat: { count: 2 }"],
    "repeat-without-end": ["- repeat: { count: 100000, actions: [ { command: { name: relay } } ] }"],
    "repeat-count-is-text": ["- repeat: { count: many, actions: [] }"],
    "kind-unknown": ["- test: { timeout: { minutes: 1 } }"],
  };
  test.each(Object.entries(refused))("%s", (name, [blocks, device = DEVICE]) => {
    const pipeline = build(`${HEAD}actions:\n${blocks}\n`, device);
    const found = [...pipeline.problems, ...pipeline.validation];
    expect(found.filter(({ severity }) => severity === "error")).not.toEqual([]);
    expectGolden(`pipeline/tests/refused-${name}.txt`, shown(found));
  });
});

test("the delay between characters is for tests that are typed to the device, not for containers", () => {
  const pipeline = build(`${HEAD}actions:\n${JOBS["docker-and-shell"]}\n`, DEVICE);
  expect(pipeline.scope.namespaces.common?.tests).toMatchObject([
    { name: "shell", stage: 0, index: 0, delayed: true },
    { name: "box", stage: 1, index: 1, delayed: false },
  ]);
  const stages = [...nodes(pipeline.actions)].filter(({ name }) =>
    /^lava-(docker-)?test$|^lava-test-retry$/.test(name),
  );
  expect(stages.map(({ parameters }) => parameters.stage)).toEqual([0, 1]);
});

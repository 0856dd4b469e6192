/** Every kind of test block, repeat blocks and protocols: what is accepted, and what a user is told of what is not. */
import { describe, expect, it } from "vitest";
import { expectGolden, shown } from "./golden-problems.js";
import { compile, loadJob, published } from "./published-schemas.js";

const HEAD = `device_type: qemu
job_name: kinds
timeouts: {job: {minutes: 10}}
visibility: public
`;
const job = (blocks: string) => `${HEAD}actions:\n${blocks}\n`;
const test = (block: string) => job(`- test: ${block}`);
const group = (protocols: string, block = "{method: minimal, role: [a]}") =>
  `${HEAD.replace("device_type: qemu\n", "")}protocols: ${protocols}\nactions:\n- boot: ${block}\n`;
const problems = (text: string, strict = true) => loadJob(text, "job.yaml", { strict }).problems;

const inline =
  "{from: inline, name: a, path: a.yaml, repository: {metadata: {format: Lava-Test Test Definition 1.0, name: a}, run: {steps: [date]}}}";
const monitor = "{name: m, start: BOOT, end: DONE, pattern: '(?P<result>PASS) (?P<test_case_id>.*)'}";
const script = (step: string) => test(`{interactive: [{name: i, prompts: ['=> '], script: [${step}]}]}`);
const service = "{name: s, from: git, repository: a, path: compose.yaml}";

describe("accepted, strictly", () => {
  it.each([
    [
      "docker",
      test(
        `{docker: {image: 'debian:12', local: true, container_name: c, network_from: n, login: {registry: r, user: u, password: p}}, downloads-namespace: x, disconnect_connection: true, definitions: [${inline}]}`,
      ),
    ],
    [
      "bzr",
      test(
        "{definitions: [{from: bzr, repository: 'lp:x', path: a.yaml, name: a, revision: '5', parameters: {A: 1}}]}",
      ),
    ],
    ["tar", test("{definitions: [{from: tar, repository: aGVsbG8=, path: a.yaml, name: a}]}")],
    [
      "interactive",
      test(
        "{interactive: [{name: i, prompts: ['=> ', '# '], echo: discard, expected: [dhcp], script: [{command: dhcp, name: dhcp, wait_for_prompt: false, successes: [{message: bound}], failures: [{message: TIMEOUT, exception: JobError, error: no network}]}, {command: null}, {delay: 3}, {lava-send: a b=c}, {lava-sync: a}, {lava-wait: a}, {lava-wait-all: a role=b}]}]}",
      ),
    ],
    [
      "monitors",
      test(
        `{monitors: [${monitor.replace("}", ", fixupdict: {PASS: pass}, expected: [a]}")}], failure_retry: 2, failure_retry_interval: 3}`,
      ),
    ],
    [
      "services",
      test(
        "{services: [{name: a, from: url, repository: 'http://x/a.tar.gz', compression: gz, headers: {A: b}, path: c.yaml, service: web}, {name: b, from: git, repository: r, path: c.yaml, branch: m, revision: v, history: false, recursive: true}]}",
      ),
    ],
    [
      "repeat around blocks",
      job(
        `- boot: {method: minimal}\n- repeat:\n    count: 3\n    actions:\n    - test: {definitions: [${inline}]}\n    - repeat: {count: 2, actions: [{command: {name: hard_reset}}]}`,
      ),
    ],
    [
      "a group with a guest",
      group(
        "{lava-multinode: {timeout: {minutes: 5}, roles: {a: {device_type: qemu, count: 1, context: {arch: arm64}, tags: [x], environment: {A: b}, essential: true, timeout: {minutes: 1}}, g: {connection: ssh, count: 2, host_role: a, expect_role: a, request: lava-start}}}}",
      ),
    ],
    [
      "a network block device",
      job("- boot: {method: minimal}").replace("actions:", "protocols: {lava-xnbd: {port: auto}}\nactions:"),
    ],
  ])("%s", (_, text) => expect(shown(problems(text))).toBe(""));
});

const BROKEN: { [name: string]: string } = {
  "docker-without-image": test(`{docker: {local: true}, definitions: [${inline}]}`),
  "docker-image-is-an-option": test(`{docker: {image: '--privileged'}, definitions: [${inline}]}`),
  "docker-login-without-password": test(
    `{docker: {image: debian, login: {registry: r, user: u}}, definitions: [${inline}]}`,
  ),
  "docker-without-definitions": test("{docker: {image: debian}}"),
  "docker-local-is-text": test(`{docker: {image: debian, local: 'yes'}, definitions: [${inline}]}`),
  "docker-unknown-key": test(`{docker: {image: debian, volumes: [a]}, definitions: [${inline}]}`),
  "docker-disconnect-is-a-list": test(
    `{docker: {image: debian}, disconnect_connection: [a], definitions: [${inline}]}`,
  ),
  "definition-from-nowhere": test("{definitions: [{from: svn, repository: a, path: b, name: c}]}"),
  "definition-without-from": test("{definitions: [{repository: a, path: b, name: c}]}"),
  "bzr-with-a-branch": test("{definitions: [{from: bzr, repository: a, path: b, name: c, branch: d}]}"),
  "bzr-without-repository": test("{definitions: [{from: bzr, path: b, name: c}]}"),
  "tar-is-no-base64": test("{definitions: [{from: tar, repository: 'http://x/a.tar', path: b, name: c}]}"),
  "interactive-is-a-map": test("{interactive: {name: i, prompts: ['#'], script: [{command: a}]}}"),
  "interactive-without-prompts": test("{interactive: [{name: i, script: [{command: a}]}]}"),
  "interactive-prompts-as-text": test("{interactive: [{name: i, prompts: '#', script: [{command: a}]}]}"),
  "interactive-name-with-a-space": test("{interactive: [{name: 'a b', prompts: ['#'], script: [{command: a}]}]}"),
  "interactive-prompt-is-no-regexp": test("{interactive: [{name: i, prompts: ['(#'], script: [{command: a}]}]}"),
  "interactive-echo": test("{interactive: [{name: i, prompts: ['#'], echo: keep, script: [{command: a}]}]}"),
  "interactive-without-script": test("{interactive: [{name: i, prompts: ['#']}]}"),
  "step-is-text": script("date"),
  "step-with-an-unknown-key": script("{command: a, sucesses: [{message: b}]}"),
  "step-with-delay-and-command": script("{delay: 3, command: a}"),
  "step-delay-is-text": script("{delay: '3'}"),
  "step-success-is-text": script("{command: a, successes: [b]}"),
  "step-failure-without-message": script("{command: a, failures: [{error: b}]}"),
  "step-unknown-exception": script("{command: a, failures: [{message: b, exception: Error}]}"),
  "step-failure-is-no-regexp": script("{command: a, failures: [{message: '['}]}"),
  "step-of-nothing": script("{name: a}"),
  "step-lava-send-is-a-map": script("{lava-send: {id: a}}"),
  "monitor-without-pattern": test("{monitors: [{name: m, start: a, end: b}]}"),
  "monitor-pattern-is-no-regexp": test("{monitors: [{name: m, start: a, end: b, pattern: '(?P<result'}]}"),
  "monitor-fixup-to-nothing": test("{monitors: [{name: m, start: a, end: b, pattern: c, fixupdict: {PASS: passed}}]}"),
  "monitor-unknown-key": test("{monitors: [{name: m, start: a, end: b, pattern: c, fixup: {}}]}"),
  "services-from-inline": test("{services: [{name: s, from: inline, repository: a, path: b}]}"),
  "service-without-path": test("{services: [{name: s, from: git, repository: a}]}"),
  "service-name-with-a-slash": test(`{services: [${service.replace("name: s", "name: a/b")}]}`),
  "service-from-git-with-compression": test(`{services: [${service.replace("path:", "compression: gz, path:")}]}`),
  "services-as-a-map": test(`{services: ${service}}`),
  "no-kind": test("{timeout: {minutes: 1}}"),
  "skip-is-text": test(`{definitions: [${inline}], timeout: {minutes: 1, skip: 'yes'}}`),
  "retry-interval-of-zero": test(`{definitions: [${inline}], failure_retry: 2, failure_retry_interval: 0}`),
  "repeat-with-failure-retry": test(`{monitors: [${monitor}], repeat: 2, failure_retry: 2}`),
  "repeat-block-without-count": job("- repeat: {actions: [{boot: {method: minimal}}]}"),
  "repeat-block-of-zero": job("- repeat: {count: 0, actions: [{boot: {method: minimal}}]}"),
  "repeat-block-with-an-unknown-block": job("- repeat: {count: 2, actions: [{bot: {method: minimal}}]}"),
  "namespace-docker-test-shell": job("- boot: {method: minimal, namespace: docker-test-shell}"),
  "connection-namespace-is-a-list": job("- boot: {method: minimal, namespace: a, connection-namespace: [b]}"),
  "command-without-name": job("- command: {namespace: a}"),
  "protocol-call-without-action": job(
    "- boot: {method: minimal, protocols: {lava-multinode: [{request: lava-wait, messageID: a}]}}",
  ),
  "protocol-calls-as-a-map": job(
    "- boot: {method: minimal, protocols: {lava-multinode: {action: a, request: lava-wait}}}",
  ),
  "group-without-roles": group("{lava-multinode: {timeout: {minutes: 5}}}"),
  "group-role-without-device-type": group("{lava-multinode: {roles: {a: {count: 1}}}}"),
  "group-role-is-text": group("{lava-multinode: {roles: {a: qemu}}}"),
  "group-guest-without-host": group("{lava-multinode: {roles: {g: {connection: ssh, count: 1}}}}"),
  "group-named-device-twice": group("{lava-multinode: {roles: {a: {device_type: qemu, device: qemu01, count: 2}}}}"),
  "group-as-the-server-split-it": group("{lava-multinode: {target_group: x, role: a, roles: {'17': a}}}"),
  "group-block-without-role": group(
    "{lava-multinode: {roles: {a: {device_type: qemu, count: 1}}}}",
    "{method: minimal}",
  ),
  "group-negative-count": group("{lava-multinode: {roles: {a: {device_type: qemu, count: -1}}}}"),
  "network-block-device-without-port": job("- boot: {method: minimal}").replace(
    "actions:",
    "protocols: {lava-xnbd: {}}\nactions:",
  ),
  "unknown-protocol": job("- boot: {method: minimal}").replace(
    "actions:",
    "protocols: {lava-lxc: {name: a}}\nactions:",
  ),
};

describe("refused, with a message of use", () => {
  it.each(Object.entries(BROKEN))("%s", (name, text) => {
    const found = problems(text);
    expect(found).not.toEqual([]);
    expect(problems(text, true).filter(({ severity }) => severity === "error")).not.toEqual([]);
    expectGolden(`definition/tests/${name}.txt`, shown(found));
  });
});

describe("definitions of older versions", () => {
  const old = (from: string, to: string) => test(`{definitions: [${inline.replace(from, to)}]}`);
  it.each([
    ["a format of another name", old("Lava-Test Test Definition 1.0", "Lava-Test-Shell Test Definition 1.0")],
    [
      "words for results that are none",
      old("run: {steps: [date]}", "parse: {fixupdict: {OK: good}}, run: {steps: [date]}"),
    ],
  ])("%s is a warning, and an error when strict, as with LAVA", (_name, text) => {
    const severities = (strict: boolean) => problems(text, strict).map(({ severity }) => severity);
    expect(severities(false)).toEqual(["warning"]);
    expect(severities(true)).toEqual(["error"]);
  });

  it("the schema for editors takes their files, and the strict one does not", () => {
    const file = { metadata: { format: "Lava-Test-Shell Test Definition 1.0", name: "a" }, run: { steps: ["date"] } };
    const words = { ...file, parse: { fixupdict: { OK: "good" } } };
    for (const value of [file, words]) {
      expect(compile(published("test-definition", false))(value)).toBe(true);
      expect(compile(published("test-definition", true))(value)).toBe(false);
    }
  });
});

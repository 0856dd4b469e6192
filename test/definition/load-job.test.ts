import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectGolden, shown } from "./golden-problems.js";
import { loadJob } from "./published-schemas.js";

const GOOD = `device_type: qemu
job_name: smoke
timeouts:
  job: {minutes: 10}
  action: {minutes: 5}
visibility: public
actions:
- deploy:
    timeout: {minutes: 3}
    to: tmpfs
    os: oe
    images:
      kernel: {url: "file:///srv/kernel", image_arg: "-kernel {kernel}"}
      ramdisk:
        url: file:///srv/initrd.cpio.gz
        compression: gz
        format: cpio.newc
        overlays: {lava: true}
- boot:
    method: qemu
    media: tmpfs
    prompts: ['root@board:/root#']
    auto_login: {login_prompt: 'login:', username: root}
- test:
    definitions:
    - from: inline
      name: smoke
      path: inline/smoke.yaml
      repository:
        metadata: {format: Lava-Test Test Definition 1.0, name: smoke}
        run: {steps: [lava-test-case uname --shell uname -a]}
`;

/** The good job with one piece replaced. */
const changed = (from: string, to: string): string => {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, to);
};
const errors = (text: string, strict = false) =>
  loadJob(text, "job.yaml", { strict }).problems.filter(({ severity }) => severity === "error");

describe("loadJob", () => {
  it("accepts a good job, strictly", () => {
    const { job, problems } = loadJob(GOOD, "job.yaml", { strict: true });
    expect(problems).toEqual([]);
    expect(job).toMatchObject({ device_type: "qemu", timeouts: { job: { minutes: 10 } } });
  });

  it("warns of unknown keys, and refuses them when strict", () => {
    const text = changed("    media: tmpfs", "    medium: tmpfs");
    expect(loadJob(text, "job.yaml", { strict: false }).problems).toMatchObject([
      {
        severity: "warning",
        message: '"medium" is not a key of boot method qemu',
        location: { file: "job.yaml", line: 21, column: 5 },
        source: "    medium: tmpfs",
        hint: 'did you mean "media"?',
        path: "actions[1].boot.medium",
      },
    ]);
    expect(errors(text, true)).toHaveLength(1);
  });

  it("gives {} for what is no map, and never throws", () => {
    for (const text of ["", "- a\n", "text", "a: [", "\0", "[".repeat(100_000)]) {
      const { job, problems } = loadJob(text, "job.yaml", { strict: false });
      expect(job).toEqual({});
      expect(problems.filter(({ severity }) => severity === "error")).not.toEqual([]);
    }
  });

  it("takes any shape of value without throwing", () => {
    const odd = ["null", "1", "text", "[1]", "{a: 1}", "[[]]", "[{a: {b: 1}}]"];
    for (const value of odd) {
      for (const key of ["timeouts", "actions", "context", "protocols", "visibility", "priority", "notify"]) {
        expect(() => loadJob(`${key}: ${value}\n`, "job.yaml", { strict: false })).not.toThrow();
      }
      for (const key of ["to", "namespace", "timeout", "protocols", "images", "role"]) {
        expect(() => loadJob(`actions:\n- deploy: {${key}: ${value}}\n`, "job.yaml", { strict: false })).not.toThrow();
      }
      for (const key of ["definitions", "monitors"]) {
        expect(() => loadJob(`actions:\n- test: {${key}: ${value}}\n`, "job.yaml", { strict: false })).not.toThrow();
      }
    }
  });

  it("accepts the same test in a later block with a warning only", () => {
    const text = GOOD + GOOD.slice(GOOD.indexOf("- test:"));
    expect(loadJob(text, "job.yaml", { strict: true }).problems).toMatchObject([{ severity: "warning" }]);
  });

  it("accepts a group of jobs as it is submitted", () => {
    const text = changed(
      "device_type: qemu\n",
      "protocols:\n  lava-multinode:\n    timeout: {minutes: 5}\n    roles:\n      a: {device_type: qemu, count: 1}\n      b: {device_type: qemu, count: 2}\n",
    )
      .replace("    to: tmpfs", "    role: [a, b]\n    to: tmpfs")
      .replace("    method: qemu", "    role: [a, b]\n    method: qemu")
      .replace("    definitions:", "    role: [a]\n    definitions:");
    expect(loadJob(text, "job.yaml", { strict: true }).problems).toEqual([]);
  });

  it.each([
    [
      "deploy tftp with everything",
      "deploy",
      "{to: tftp, kernel: {url: a, type: zimage}, dtb: {url: a}, dtbo: [{url: a}], tee: {url: a}, modules: {url: a, compression: xz}, preseed: {url: a}, ramdisk: {url: a, header: u-boot, install_modules: false, install_overlay: true, sha256sum: b}, nfsrootfs: {url: a, prefix: x, archive: tar, headers: {A: b}}, extra_files: {x: {url: a}}, os: debian, authorize: ssh}",
    ],
    ["persistent NFS", "deploy", "{to: tftp, persistent_nfs: {address: 'a:/b', install_overlay: false}}"],
    [
      "commands as a list",
      "boot",
      "{method: u-boot, commands: [a, b], prompts: '#', parameters: {shutdown-message: x}, soft_reboot: [reboot]}",
    ],
    [
      "zmodem",
      "boot",
      "{method: minimal, reset: false, transfer_overlay: {transfer_method: zmodem, unpack_command: tar xf}}",
    ],
    [
      "git definition",
      "test",
      "{definitions: [{from: git, repository: a, path: b, name: c, branch: d, revision: e, history: false, shallow: false, recursive: true, params: {A: 1, B: x}, skip_install: [deps], lava-signal: kmsg, expected: [t]}]}",
    ],
    [
      "url definition",
      "test",
      "{definitions: [{from: url, repository: a, path: b, name: c, compression: gz, strip-components: 1}], timeout: {minutes: 1, skip: true}}",
    ],
    ["command", "command", "{name: hard_reset, namespace: x}"],
    [
      "common keys",
      "boot",
      "{method: minimal, namespace: x, connection-namespace: y, role: [r], timeouts: {login-action: {minutes: 1}}, failure_retry: 2, failure_retry_interval: 5, protocols: {lava-multinode: [{action: a, request: lava-sync, messageID: m, timeout: {minutes: 1}}]}}",
    ],
  ])("accepts %s", (_, kind, block) => {
    const text = `${GOOD.slice(0, GOOD.indexOf("- deploy:"))}- ${kind}: ${block}\n`;
    expect(loadJob(text, "job.yaml", { strict: true }).problems).toEqual([]);
  });

  it("accepts every top-level key", () => {
    const text = `${GOOD}priority: 50
tags: [x]
secrets: {a: b}
environment: {A: b}
metadata: {source: here}
reboot_to_fastboot: false
context: {arch: amd64, no_kvm: true, extra_options: [-smp, 2], kernel_start_message: 'Linux version \\d'}
notify:
  criteria: {status: complete, type: regression}
  verbosity: quiet
  recipients: [{to: {method: irc, handle: me, server: s}}]
  callbacks: [{url: a, method: POST, dataset: all, content-type: json}]
  compare: {query: {username: a, name: b}}
`;
    expect(loadJob(text, "job.yaml", { strict: true }).problems).toEqual([]);
    expect(errors(text.replace("visibility: public", "visibility: {group: [a]}"), true)).toEqual([]);
    expect(errors(text.replace("visibility: public", "visibility: secret"), true)).toHaveLength(1);
  });

  it("takes the keys that a server adds, but not strictly", () => {
    const member = `${GOOD}compatibility: 36
protocols: {lava-multinode: {target_group: x, role: a, roles: {"1": a, "2": b}, group_size: 2, sub_id: 0, timeout: {minutes: 5}}}
`.replace("media: tmpfs", "role: a\n    media: tmpfs");
    expect(loadJob(member, "job.yaml", { strict: false }).problems).toEqual([]);
    expect(errors(member, true).map(({ path }) => path)).toContain("compatibility");
  });

  it.each(["''", "dut", "host.1", "A_b-c"])("takes the namespace %s", (name) => {
    const text = changed("    media: tmpfs", `    namespace: ${name}`);
    expect(errors(text)).toEqual([]);
  });

  it.each(["a/b", "..", "-dut", '"a,b"', '"a\\0b"', '"a\\nb"'])(
    "refuses the namespace %s, which is no name",
    (name) => {
      const text = changed("    media: tmpfs", `    namespace: ${name}`);
      expect(errors(text)).toMatchObject([{ message: expect.stringContaining("must be a name of letters") }]);
    },
  );

  it("asks for a namespace everywhere or nowhere when strict; else the pipeline tells what does not go together", () => {
    const text = changed("    media: tmpfs", "    namespace: dut");
    expect(errors(text)).toEqual([]);
    expect(errors(text, true)).toHaveLength(2);
  });

  it.each([
    ["a password without a prompt", "username: root", "username: root, password: secret"],
    ["no user", "username: root", "username: ''"],
    ["an empty login command", "username: root", "username: root, login_commands: ['']"],
    ["no prompts: a pipeline asks for them", "prompts: ['root@board:/root#']", "prompts: []"],
    ["a format for nothing", 'image_arg: "-kernel {kernel}"', "format: qcow2, sparse: 'yes'"],
    ["fractions", "job: {minutes: 10}", "job: {hours: 1.5}"],
    ["a timeout of no unit, which is the usual one", "timeout: {minutes: 3}", "timeout: {}"],
    ["a block that may take longer than the job", "timeout: {minutes: 3}", "timeout: {minutes: 30}"],
    ["no compression", "compression: gz", "compression: ''"],
    ["another operating system", "os: oe", "os: 5"],
    ["no visibility", "visibility: public\n", ""],
    ["an unknown priority", "visibility: public\n", "visibility: public\npriority: urgent\n"],
    ["no device type", "device_type: qemu\n", ""],
    ["nothing to run", "        run: {steps: [lava-test-case uname --shell uname -a]}\n", ""],
    ["a dot in a test's name", "      name: smoke\n", "      name: smoke.v2\n"],
    ["a retry and a half", "    media: tmpfs", "    media: tmpfs\n    failure_retry: 1.5"],
  ])("what no pipeline needs does not refuse a job: %s", (_, from, to) => {
    expect(errors(changed(from, to))).toEqual([]);
  });
});

/** name: [text, strict?] */
const BAD: { [name: string]: string } = {
  "not-a-map": "- a job\n- is a list\n",
  "missing-keys": "job_name: x\n",
  "missing-key-of-a-timeout": changed("  job: {minutes: 10}\n", ""),
  "unknown-keys": changed("    prompts:", "    promts: x\n    something: else\n    prompts:"),
  "unknown-top-level-key": `${GOOD}prioritie: high\n`,
  "unknown-context": `${GOOD}context: {memroy: 512, my_own: 1}\n`,
  "unknown-method": changed("to: tmpfs", "to: tftpp"),
  "unknown-method-far": changed("method: qemu", "method: teleport"),
  "method-is-no-text": changed("method: qemu", "method: [qemu]"),
  "method-is-missing": changed("    method: qemu\n", ""),
  "unknown-block": changed("- boot:", "- reboot:"),
  "two-blocks-in-one": changed("- boot:", "  boot:"),
  "action-is-no-map": `${GOOD}- reboot\n`,
  "unknown-kind-of-test": changed("    definitions:", "    definition:"),
  "unknown-from": changed("from: inline", "from: svn"),
  "wrong-type-number": changed("job_name: smoke", "job_name: 0755"),
  "wrong-type-yes": changed("os: oe", "os: yes"),
  "wrong-type-quoted-number": changed("  action: {minutes: 5}", "  action: {minutes: '5'}"),
  "wrong-type-map": changed("prompts: ['root@board:/root#']", "prompts: {a: b}"),
  "wrong-type-unquoted-brace": changed(
    "    media: tmpfs",
    "    transfer_overlay: {download_command: wget, unpack_command: {X}}",
  ),
  "wrong-type-list": changed("actions:\n", "actions: 5\nx:\n"),
  "empty-value": changed("    media: tmpfs", "    media:"),
  "empty-prompt": changed("'root@board:/root#'", "''"),
  "too-long-name": changed("job_name: smoke", `job_name: ${"x".repeat(201)}`),
  "timeout-without-unit": changed("  action: {minutes: 5}", "  action: {}"),
  "timeout-with-two-units": changed("  action: {minutes: 5}", "  action: {minutes: 5, seconds: 30}"),
  "timeout-as-number": changed("  action: {minutes: 5}", "  action: 300"),
  "timeout-of-zero": changed("  action: {minutes: 5}", "  action: {minutes: 0}"),
  "timeout-unit-misspelt": changed("  action: {minutes: 5}", "  action: {minute: 5}"),
  "timeouts-longer-than-the-job": changed(
    "  action: {minutes: 5}",
    "  action: {hours: 1}\n  connections: {login-action: {minutes: 11}}",
  ).replace("timeout: {minutes: 3}", "timeout: {minutes: 11}"),
  "wrong-enum": changed("compression: gz", "compression: gzip"),
  "wrong-priority": `${GOOD}priority: urgent\n`,
  "priority-out-of-range": `${GOOD}priority: 101\n`,
  "wrong-visibility": changed("visibility: public", "visibility: everybody"),
  "missing-part-of-a-login": changed("username: root", "password: x"),
  "transfer-overlay-of-zmodem": changed(
    "    media: tmpfs",
    "    transfer_overlay: {transfer_method: zmodem, unpack_command: x, download_command: y}",
  ),
  "format-without-overlays": changed("        overlays: {lava: true}\n", ""),
  "overlay-path-leaves": changed("{lava: true}", "{lava: true, x: {url: a, format: tar, path: /a/../b}}"),
  "prompt-is-no-regexp": changed("'root@board:/root#'", "'root@board(', '[a'"),
  "login-prompt-is-no-regexp": changed("'login:'", "'*login:'"),
  "repeat-with-retry": changed("    media: tmpfs", "    repeat: 2\n    failure_retry: 3"),
  "reserved-namespace": changed("    media: tmpfs", "    namespace: common"),
  "namespace-is-a-path": changed("    media: tmpfs", "    namespace: ../../../../home/somebody"),
  "test-name-with-a-space": changed("      name: smoke\n", "      name: smoke test\n"),
  "test-name-reserved": changed("      name: smoke\n", "      name: lava\n"),
  "test-name-twice": `${GOOD}    - {from: git, name: smoke, path: a, repository: b}\n`,
  "inline-with-an-empty-step": changed("steps: [lava", "steps: [~, lava"),
  "role-as-a-text": changed("    media: tmpfs", "    media: tmpfs\n    role: server"),
  "inline-step-is-true": changed("steps: [lava-test-case uname --shell uname -a]", "steps: [true, 'false']"),
  "device-type-is-missing": changed("device_type: qemu\n", ""),
  "multinode-with-device-type": `${GOOD}protocols:\n  lava-multinode:\n    roles:\n      a: {device_type: qemu, count: 1}\n`,
  "multinode-role-without-count": `${GOOD}protocols:\n  lava-multinode:\n    roles:\n      a: {device_type: qemu}\n      b: {connection: ssh, count: 1, host_role: a}\n`,
  "duplicate-keys": `${GOOD}job_name: again\n`,
  "both-roots": GOOD.slice(0, GOOD.indexOf("- deploy:")).concat(
    "- deploy: {to: tftp, nfsrootfs: {url: a}, persistent_nfs: {address: 'a:/b'}}\n",
  ),
  "hostile-text": changed("job_name: smoke", 'job_name: "\\e[31mred"\nvis\u202eibility: x'),
};

describe("bad jobs: what the user sees", () => {
  it.each(Object.entries(BAD))("%s", (name, text) => {
    const { problems } = loadJob(text, "job.yaml", { strict: false });
    expect(problems.length).toBeGreaterThan(0);
    expectGolden(`definition/job/${name}.txt`, shown(problems));
  });

  it("every golden file belongs to a case", () => {
    const files = readdirSync(new URL("../golden/definition/job/", import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(BAD)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });

  it("no text of the file reaches the terminal as a control character", () => {
    const file = new URL("../golden/definition/job/hostile-text.txt", import.meta.url);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(readFileSync(file, "utf8")).not.toMatch(/[\x1b\u202e]/);
  });
});

describe("jobs with very many faults", () => {
  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index)).join("\n");
  // Where each fault is looked for among all others, these take minutes.
  it.each([
    ["unknown keys", `${GOOD}${many(60_000, (index) => `unknown${index}: 1`)}\n`, "59900 more warnings are not told"],
    ["keys again", `${GOOD}extra:\n${many(60_000, () => "  a: 1")}\n`, "59899 more warnings are not told"],
    [
      "wrong actions",
      `${GOOD}${many(9_000, (index) => `- boo${index}: {method: qemu}`)}\n`,
      "more errors are not told",
    ],
    ["merged maps", `${GOOD}extra:\n${many(20_000, (index) => `  <<: {k${index}: 1}`)}\n`, "is not a key of a job"],
  ])("%s: a hundred are told, and how many there are", (_name, text, told) => {
    const { problems } = loadJob(text, "job.yaml", { strict: false });
    expect(problems.length).toBeLessThanOrEqual(203);
    expect(problems.map(({ message }) => message).join("\n")).toContain(told);
  });

  it("an error behind a hundred warnings is told", () => {
    const text = `${GOOD}${many(200, (index) => `unknown${index}: 1`)}\ncontext: 5\n`;
    expect(errors(text).map(({ path }) => path)).toEqual(["context"]);
  });

  it("a docker image's name of any length is checked at once", () => {
    const image = `a${"a-b.".repeat(20_000)}`;
    const text = changed("- test:\n", `- test:\n    docker: {image: "${image}!"}\n`);
    expect(errors(text).map(({ path }) => path)).toContain("actions[2].test.docker.image");
  });
});

describe("patterns that only the clock bounds", () => {
  it("are told with their place", () => {
    const { problems } = loadJob(changed("root@board:/root#", String.raw`(\w+)*@\1#`), "job.yaml", { strict: true });
    expect(problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`)).toEqual([
      String.raw`warning actions[1].boot.prompts[0]: the regular expression "(\\w+)*@\\1#" of actions[1].boot.prompts[0] can take long: it refers back to a group and repeats`,
    ]);
  });
});

describe("keys that every object of JavaScript has", () => {
  const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];
  it.each(NAMES)("%s is an unknown key like any other, in every block", (name) => {
    const text = GOOD.replace(/^( {4})(?=timeout:|method:|definitions:)/gm, `    ${name}: 1\n$1`);
    const { problems } = loadJob(`${name}: 1\n${text}`, "job.yaml", { strict: false });
    expect(problems.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
      `warning ${name}`,
      `warning actions[0].deploy.${name}`,
      `warning actions[1].boot.${name}`,
      `warning actions[2].test.${name}`,
    ]);
  });

  it("a merged map with them is a map with keys", () => {
    const { job } = loadJob(`<<: {__proto__: {a: 1}, constructor: 2}\n${GOOD}`, "job.yaml", { strict: false });
    expect(Object.getPrototypeOf(job)).toBe(Object.prototype);
    expect(Object.entries(job).slice(0, 2)).toEqual([
      ["__proto__", { a: 1 }],
      ["constructor", 2],
    ]);
  });
});

import { describe, expect, test } from "vitest";
import { loadJob } from "../../src/definition/load-job.js";

// What LAVA's server hands to a worker is not quite what was submitted.

const job = (top: string, block = "") => `${top}
job_name: as it comes from a server
timeouts: {job: {minutes: 10}}
visibility: public
priority: medium
actions:
- boot: {${block}method: minimal, prompts: ['# ']}
`;
const MEMBER = `device_type: qemu
context: {arch: amd64}
protocols:
  lava-multinode:
    target_group: 1f2a9b1c-4c3e-4a92-8c5e-ff5a6d3c1b20
    role: server
    group_size: 2
    sub_id: 0
    essential: {device_type: qemu, count: 1, essential: true}
    tags: [usb]
    environment: {BOARD: first}
    timeout: {minutes: 4}
    roles: {'17': server, '18': client}`;
const problems = (text: string, strict = false) =>
  loadJob(text, "job.yaml", { strict }).problems.map(({ severity, message }) => `${severity}: ${message}`);

describe("the keys that a server adds are known", () => {
  test.each([
    ["the version that made the job", job("device_type: qemu\ncompatibility: 2")],
    ["a member of a group", job(MEMBER, "role: server, ")],
    [
      "a member without a device of its own",
      job(MEMBER.replace("device_type: qemu", "connection: ssh\nhost_role: server"), "role: server, "),
    ],
  ])("%s", (_, text) => {
    expect(problems(text)).toEqual([]);
  });

  test("but nobody submits them: refused when strict, as by the server's own schema", () => {
    expect(problems(job("device_type: qemu\ncompatibility: 2"), true)).toEqual([
      'error: "compatibility" is not a key of a job',
    ]);
    expect(problems(job(MEMBER, "role: server, "), true)).toEqual(
      ["target_group", "role", "group_size", "sub_id"].map((key) => `error: "${key}" is not a key of lava-multinode`),
    );
  });

  test("a misspelt key of a member is still told", () => {
    expect(problems(job(MEMBER.replace("tags:", "tag:"), "role: server, "))).toEqual([
      'warning: "tag" is not a key of lava-multinode',
    ]);
  });

  test("a group as it is submitted has its roles, and no device type of its own", () => {
    const group = "protocols: {lava-multinode: {roles: {server: {device_type: qemu, count: 1}}}}";
    expect(problems(job(group, "role: [server], "))).toEqual([]);
    expect(problems(job(`${group}\ndevice_type: qemu`, "role: [server], "))).toEqual([
      'warning: a multinode job cannot have "device_type" at its top level',
    ]);
    expect(problems(job("protocols: {lava-multinode: {timeout: {minutes: 1}}}", "role: [server], "))).toEqual([
      'error: "roles" is missing in protocols.lava-multinode',
    ]);
  });
});

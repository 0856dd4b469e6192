/** What labs write: jobs and devices that LAVA runs are taken, and what it refuses is refused, with one error each. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { buildInputs, type Inputs, readInputs } from "../../src/cli/load-inputs.js";
import type { ActionNode } from "../../src/pipeline/action-tree.js";

const FOLDER = fileURLToPath(new URL("lava-jobs", import.meta.url));
const DEVICES = fileURLToPath(new URL("../../device-configs/devices", import.meta.url));
const BOARD = `${FOLDER}/board.device.yaml`;
const QEMU = `${DEVICES}/qemu-x86_64.yaml`;

const place = { cwd: FOLDER };
const inputsOf = (job: string, device: string, strict = false): Promise<Inputs> =>
  buildInputs(readInputs(`${job}.job.yaml`, { device, strict }, place), "1", place);

/** The same, of a text. */
const inputsOfText = (job: string, device: string): Promise<Inputs> =>
  buildInputs({ ...readInputs("no-prompts.job.yaml", { device }, place), jobFile: "job.yaml", job }, "1", place);

const told = ({ problems, pipeline }: Inputs, severity: string) =>
  [...problems, ...pipeline.validation]
    .filter((problem) => problem.severity === severity)
    .map(({ location, message }) => `${location?.line}:${location?.column} ${message}`);

const flat = (nodes: ActionNode[]): string[] =>
  nodes.flatMap(({ level, name, children }) => [`${level} ${name}`, ...flat(children)]);

describe("jobs that LAVA runs", () => {
  it.each([
    ["interactive-no-prompts", BOARD, true],
    ["monitor-empty-start", BOARD, true],
    ["fractional-timeouts", BOARD, true],
    ["empty-user", BOARD, true],
    ["download-then-test", BOARD, true],
    ["password-without-prompt", QEMU, false],
    ["tuxrun-qemu-x86_64", "tuxrun-qemu-x86_64.device.yaml", true],
    ["tuxrun-qemu-arm64", "tuxrun-qemu-arm64.device.yaml", true],
  ])("%s is valid", async (job, device, strict) => {
    expect(told(await inputsOf(job, device), "error")).toEqual([]);
    expect(told(await inputsOf(job, device, true), "error").length === 0).toBe(strict);
  });

  it("the devices of tuxrun, without `parameters` and `timeouts.connections`, bring no warning", async () => {
    for (const arch of ["x86_64", "arm64"])
      expect(told(await inputsOf(`tuxrun-qemu-${arch}`, `tuxrun-qemu-${arch}.device.yaml`), "warning")).toEqual([]);
  });

  it("fractions of units are whole seconds", async () => {
    const { pipeline } = await inputsOf("fractional-timeouts", BOARD);
    expect(pipeline.jobTimeout.seconds).toBe(5400);
    expect(pipeline.actions[0]?.timeout.seconds).toBe(90);
  });

  it("files that are only downloaded get the namespace's overlay beside them", async () => {
    const { pipeline } = await inputsOf("download-then-test", BOARD);
    expect(flat(pipeline.actions)).toEqual(
      expect.arrayContaining(["1.3 download-retry", "1.4 lava-overlay", "1.4.3 compress-overlay"]),
    );
  });

  it("a job for another type of device is told, and runs", async () => {
    const inputs = await inputsOf("kernel-type", QEMU);
    expect(told(inputs, "warning").join()).toContain('for devices of the type "qemu-arm64-uboot"');
  });
});

describe("jobs that LAVA refuses: one error, where the mistake is", () => {
  it.each([
    ["kernel-type", `${DEVICES}/qemu-arm64-uboot.yaml`, /^11:\d+ A kernel of the type uimage cannot be started/],
    ["empty-url", QEMU, /^\d+:18 actions\[0\]\.deploy\.images\.kernel\.url must be text, but is empty$/],
    ["no-prompts", QEMU, /^\d+:12 The namespace has a test in the system's shell, but the boot has no `prompts`/],
  ])("%s", async (job, device, message) => {
    const errors = told(await inputsOf(job, device), "error");
    expect(errors).toEqual([expect.stringMatching(message)]);
  });

  const JOB = `device_type: board
job_name: a
visibility: public
timeouts: {job: {minutes: 10}, action: {minutes: 3}}
actions:
  - boot: {method: minimal, prompts: ['# ']}
`;
  it.each([
    ["a misspelt key of timeouts", "{job: {minutes", "{jbo: {minutes", /"jbo" is not a key of timeouts/],
    ["the misspelt timeouts", "timeouts:", "timeout:", /^4:1 "timeout" is not a key of a job/],
    ["the misspelt actions", "actions:", "action:", /^5:1 "action" is not a key of a job/],
    ["a misspelt key of a choice", "method:", "methd:", /^6:12 "method" is missing in actions\[0\]\.boot/],
    ["a misspelt method", "minimal", "minimall", /boot method "minimall" is not known/],
    ["a method that the device has not", "minimal", "monitor", /boot/],
    ["no prompts", "['# ']", "[]", /`prompts` is a list of texts that are not empty/],
    ["an empty prompt", "['# ']", "['']", /`prompts` is a list of texts that are not empty/],
    ["a wrong timeout", "{minutes: 3}", "5 minutes", /A timeout is a map/],
    [
      "a namespace here, none there",
      "prompts",
      "namespace: a}\n  - boot: {method: minimal, prompts",
      /^\d+:\d+ Either all blocks/,
    ],
  ])("%s", async (_, from, to, message) => {
    expect(JOB).toContain(from);
    const inputs = await inputsOfText(JOB.replace(from, to), BOARD);
    expect(told(inputs, "error")).toEqual([expect.stringMatching(message)]);
    expect(told(inputs, "warning").filter((text) => !text.includes(" is not a key of "))).toEqual([]);
  });

  const OF_IMAGES = `device_type: qemu
job_name: a
visibility: public
context: {arch: amd64}
timeouts: {job: {minutes: 10}, action: {minutes: 3}}
actions:
  - deploy:
      to: tmpfs
      images: {kernel: {url: 'https://example.org/kernel', image_arg: '-kernel {kernel}'}}
  - boot: {method: qemu, prompts: ['# '], auto_login: {login_prompt: 'login:', username: root}}
  - test:
      definitions:
        - {from: inline, name: t, path: t.yaml, repository: {metadata: {format: Lava-Test Test Definition 1.0, name: t}, run: {steps: ['true']}}}
`;
  it.each([
    ["images:", "image:", /^9:7 "image" is not a key of deploy to tmpfs/],
    ["{url:", "{ulr:", /^9:25 "ulr" is not a key of an image/],
    ["to: tmpfs", "too: tmpfs", /^8:7 "to" is missing/],
    ["to: tmpfs", "to: tmfs", /^8:11 deploy to "tmfs" is not known/],
    ["login_prompt:", "login_promt:", /^10:\d+ `auto_login` needs a `login_prompt`/],
    ["from: inline", "from: inlin", /^13:\d+ a test definition from "inlin" is not known/],
    ["name: t,", "nam: t,", /^13:\d+ "nam" is not a key/],
    ["name: t,", "name: 'x y',", /^13:\d+ actions\[1?2\]\.test\.definitions\[0\]\.name may only have/],
    ["definitions:", "definition:", /^11:5 actions\[2\]\.test must have one of/],
    ["metadata:", "metdata:", /^13:\d+ "metdata" is not a key/],
    ["repository:", "repositry:", /^13:\d+ "repositry" is not a key/],
  ])("%s as %s", async (from, to, message) => {
    expect(OF_IMAGES).toContain(from);
    const inputs = await inputsOfText(OF_IMAGES.replace(from, to), QEMU);
    expect(told(inputs, "error")).toEqual([expect.stringMatching(message)]);
    expect(told(inputs, "warning").filter((text) => !text.includes(" is not a key of "))).toEqual([]);
  });

  it("a misspelt unit of the job's timeout is one warning, and brings none about other timeouts", async () => {
    const inputs = await inputsOfText(OF_IMAGES.replace("job: {minutes", "job: {minuts"), QEMU);
    expect(told(inputs, "error")).toEqual([]);
    expect(told(inputs, "warning")).toEqual([expect.stringMatching(/^5:\d+ "minuts" is not a key of a timeout/)]);
  });

  it("a device's timeout above the job's is no mistake of the job", async () => {
    const inputs = await inputsOfText(OF_IMAGES.replace("minutes: 10", "minutes: 4"), QEMU);
    expect(told(inputs, "warning")).toEqual([]);
  });
});

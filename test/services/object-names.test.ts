/** Words of a job that every object of JavaScript has as a key are words like any other. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendOverlays } from "../../src/services/append-overlays.js";
import { fileDownload } from "../../src/services/file-download.js";
import { kernelPrepare } from "../../src/services/kernel-prepare.js";
import { dig } from "../../src/services/overlay/inputs.js";
import { qemuArguments } from "../../src/services/qemu-start.js";
import { fillWord } from "../../src/services/tool/tool-command.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
});
afterEach(() => context.cleanup());

const NAMES = ["constructor", "toString", "__proto__", "hasOwnProperty"];

test.each(NAMES)("{%s} in a word stays as it stands", (name) => {
  expect(fillWord(`-x={${name}}`, {})).toBe(`-x={${name}}`);
  const words = qemuArguments({
    command: "qemu",
    options: [`-x={${name}},y`],
    extra: [],
    images: {},
    placeholders: {},
  });
  expect(words).toContain(`-x={${name}},y`);
});

test.each(NAMES)("%s is no key of a map that has none", (name) => {
  expect(dig({}, name)).toBeUndefined();
  expect(dig({ a: {} }, "a", name)).toBeUndefined();
});

test.each(NAMES)("%s is no kernel's type, no format and no compression", async (name) => {
  const fault = (message: string) => [{ name: "JobError", message: expect.stringContaining(message) }];
  expect(await kernelPrepare.validate?.({ type: name }, context)).toMatchObject(fault("Unknown kernel type"));
  expect(kernelPrepare.programs?.({ input: { type: name }, device: {}, parameters: {} })).toEqual([]);
  const input = { file: "x", format: name, compression: name, overlays: {} };
  expect(appendOverlays.programs?.({ input, device: {}, parameters: {} })).toEqual([]);
  await expect(context.use(appendOverlays, input)).rejects.toMatchObject({
    name: "JobError",
    message: expect.stringContaining("Unknown format"),
  });
  expect(await fileDownload.validate?.({ url: "file:///x", key: "kernel", compression: name }, context)).toMatchObject(
    fault("Unknown compression"),
  );
});

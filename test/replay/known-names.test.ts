import { expect, test } from "vitest";
import { KnownNamesReader } from "../../src/replay/known-names.js";

const suffix = (...typed: string[]) => {
  const reader = new KnownNamesReader();
  reader.told("- LAVA_JOB_ID=42");
  for (const text of typed) reader.typed(text);
  return reader.result().tftpSuffix;
};

test("the job's TFTP folder is known by the job's id, and by a worker's prefix before it", () => {
  expect(suffix("tftp 0x1 42/tftp-deploy-a1/kernel/Image")).toBe("42/tftp-deploy-a1");
  expect(suffix("tftp 0x1 lab1-42/tftp-deploy-a1/kernel/Image")).toBe("lab1-42/tftp-deploy-a1");
  expect(suffix("tftp 0x1 142/other/kernel/Image", "tftp 0x1 42/own/kernel/Image")).toBe("42/own");
  expect(suffix("tftp 0x1 7/other/kernel/Image")).toBeUndefined();
});

import { expect, it } from "vitest";
import { runVirtually, SIGNALS } from "./virtual-board.js";

const FAILS = "<LAVA_TEST_RUNNER INSTALL_FAIL>\r\n";
const EXIT = "<LAVA_TEST_RUNNER EXIT>\r\n";

it("a stage that could not be started is a result, where no suite came after it; the test fails either way", async () => {
  for (const [signals, stage] of [
    ["", ["stage_0 fail"]],
    [SIGNALS.map((signal) => `<LAVA_SIGNAL_${signal}>\r\n`).join(""), []],
  ] as const) {
    const output = `${FAILS}${signals}${EXIT}`;
    const { verdict, results } = await runVirtually({ rules: { runner: { input: /lava-test-runner/, output } } });
    expect(verdict.error).toMatchObject({ class: "TestError", message: "Unable to start test stage 0" });
    expect(results.filter((r) => /^stage_/.test(String(r.case))).map((r) => `${r.case} ${r.result}`)).toEqual(stage);
  }
});

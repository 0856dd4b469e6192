/** pyocd's argument list: the real program takes it, and then finds no probe. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTool } from "../../src/services/run-tool.js";
import { inputOf, steps } from "../interpreter/tool-steps.js";
import { type TestContext, testContext } from "../services/service-context.js";
import { describeWithPeers, peerFolder } from "../support/peer.js";

describeWithPeers("pyocd", ["pyocd"], () => {
  let context: TestContext;
  beforeEach(() => {
    context = testContext();
  });
  afterEach(() => context.cleanup());

  const pyocd = join(peerFolder("pyocd"), "pyocd");
  const flash = async (options: string, file: { image_arg?: string } = {}) => {
    const image = join(context.paths.work, "zephyr 1.bin");
    writeFileSync(image, "image");
    const asked = await steps(
      "{ method: pyocd }",
      {
        boot: `pyocd: { parameters: { command: ${pyocd}, options: ${options} } }`,
        more: "board_id: A1B2\nusb_vendor_id: '1fc9'\nusb_product_id: '0135'",
      },
      { zephyr: { ...file, file: image, name: "zephyr 1.bin" } },
      { "find-program": { programs: { pyocd } } },
    );
    return context.use(runTool, inputOf(asked, "run-tool"));
  };

  // Without --no-wait it waits for the probe.
  test.each([
    ["as LAVA's device types have them", '["--no-wait", "-t cortex_m"]', {}],
    ["with the word of its own", '[load, "--no-wait", "-t cortex_m"]', {}],
    ["with an image's own words", '["--no-wait"]', { image_arg: "--base-address 0x100 {zephyr}" }],
  ])("its options are taken %s", async (_, options, file) => {
    await expect(flash(options, file)).rejects.toThrow("No target device available");
    expect(context.log.text()).not.toMatch(/usage:|invalid choice|unrecognized/);
  });

  test("a word that it does not know is told", async () => {
    await expect(flash('["--no-such-word"]')).rejects.toThrow("unrecognized arguments: --no-such-word");
  });
});

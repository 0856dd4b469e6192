/** Writes each stage's list of tests, read by lava-test-runner. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isMap } from "../base/json.js";
import { overlayOf, resultsFolder, type Test } from "./overlay/layout.js";
import { writeFresh } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

export const testRunnerConf: Service = {
  name: "test-runner-conf",
  async run(_input, context) {
    const overlay = overlayOf(context);
    const all = isMap(context.data.tests) ? context.data.tests : {};
    const tests = Object.keys(all)
      .sort((a, b) => Number(a) - Number(b))
      .map((index) => all[index] as unknown as Test);
    context.log.info("Creating lava-test-runner.conf files");
    for (const stage of new Set(tests.map((test) => test.stage))) {
      const folder = join(resultsFolder(overlay), String(stage));
      const own = tests.filter((test) => test.stage === stage);
      context.log.debug(`Stage ${stage}: ${own.map(({ id }) => id).join(", ")}`);
      await mkdir(folder, { recursive: true });
      writeFresh(join(folder, "lava-test-runner.conf"), own.map((test) => `${test.target_directory}\n`).join(""));
    }
    return undefined;
  },
};

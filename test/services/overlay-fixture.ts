/** Builds an overlay with the real services, in the order in which a deploy strategy runs them. */
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonMap } from "../../src/base/json.js";
import { overlayCompress } from "../../src/services/overlay-compress.js";
import { overlayDirectory } from "../../src/services/overlay-directory.js";
import { testDefinitionInline } from "../../src/services/test-definition-inline.js";
import { testInstall } from "../../src/services/test-install.js";
import { testOverlay } from "../../src/services/test-overlay.js";
import { testRunScript } from "../../src/services/test-run-script.js";
import { testRunnerConf } from "../../src/services/test-runner-conf.js";
import type { TestContext } from "./service-context.js";

export interface FixtureTest extends JsonMap {
  name: string;
  definition: Json;
}

/** A definition with these steps. */
export const definition = (name: string, steps: string[], more: JsonMap = {}): JsonMap => ({
  metadata: { format: "Lava-Test Test Definition 1.0", name, description: "a test" },
  run: { steps },
  ...more,
});

export async function buildOverlay(context: TestContext, input: JsonMap, tests: FixtureTest[] = []): Promise<void> {
  await context.use(overlayDirectory, { results_dir: "/lava-%s", shell: "/bin/sh", ...input });
  for (const [index, { name, definition, stage = 0, path = `inline/${name}.yaml`, ...more }] of tests.entries()) {
    context.action.level = `1.1.3.${4 * index + 1}`;
    await context.use(testDefinitionInline, { index, stage, name, path, definition });
    await context.use(testOverlay, { index });
    await context.use(testInstall, { index, ...more });
    await context.use(testRunScript, { index, ...more });
  }
  await context.use(testRunnerConf, {});
  context.action.level = "1.1.4";
  await context.use(overlayCompress, {});
}

const found = (program: string): string | undefined => {
  try {
    return execFileSync("which", [program], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
};

/** The shells that targets have, as paths for a script's first line; busybox decides by the name it is called by. */
export function targetShells(folder: string): { name: string; path: string }[] {
  return ["dash", "bash", "busybox"].flatMap((program) => {
    const file = found(program);
    if (!file) {
      console.warn(`${program} is not installed: the target scripts are not run with it`);
      return [];
    }
    if (program !== "busybox") return [{ name: program, path: file }];
    const ash = join(folder, "ash");
    symlinkSync(file, ash);
    return [{ name: "busybox ash", path: ash }];
  });
}

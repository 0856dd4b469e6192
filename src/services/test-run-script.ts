/** Writes a definition's run.sh (spec test-shell.md §3). */
import { join } from "node:path";
import { JobError } from "../base/errors.js";
import type { TestDefinition } from "./overlay/definition.js";
import { integer, map, optionalText, texts } from "./overlay/inputs.js";
import { type Test, testOf } from "./overlay/layout.js";
import { type JobParameters, parameterLines } from "./overlay/parameter-lines.js";
import { readDefinition } from "./overlay/read-definition.js";
import { writeFresh } from "./overlay/safe-files.js";
import { testExtra } from "./test-overlay.js";
import type { Service } from "./types.js";

export interface RunScriptOptions extends JobParameters {
  /** Signals go through the kernel's log. */
  kmsg: boolean;
  /** ms between characters that the console needs; 0: none. */
  delay: number;
}

/** Background commands are expanded when they run, not when run.sh is read: `$1` must survive until then. */
const escapeArguments = (step: string): string =>
  /--cmd|--shell/.test(step) ? step.replace(/\$(\d+)\b/g, "\\$$$1") : step;

/** The text of run.sh. */
export function runScript(test: Test, definition: TestDefinition, options: RunScriptOptions): string {
  const { kmsg, delay } = options;
  const signal = (name: string) => {
    const text = `<LAVA_SIGNAL_${name} $TESTRUN_ID $UUID>`;
    return kmsg ? `echo "<0>${text}" > /dev/kmsg` : `echo "${text}"`;
  };
  const pause = delay > 0 ? [`sleep ${delay / 1000}`] : [];
  const lines = [
    ...parameterLines(definition, options),
    "set -e",
    "set -x",
    `export TESTRUN_ID=${test.id}`,
    `cd ${test.target_directory}`,
    'UUID="$(cat uuid)"',
    "set +x",
    ...(delay > 0 ? [`export CHARACTER_DELAY=${delay / 1000}`] : []),
    ...pause,
    ...(kmsg ? ["# USE_KMSG", "export KMSG=true"] : []),
    signal("STARTRUN"),
    "set -x",
    ...definition.steps.map(escapeArguments),
    "set +x",
    ...pause,
    ...(kmsg ? ["unset KMSG"] : []),
    signal("ENDRUN"),
  ];
  return `${lines.join("\n")}\n`;
}

export const testRunScript: Service = {
  name: "test-run-script",
  async validate({ signal }) {
    if (signal === undefined || signal === null || signal === "stdout" || signal === "kmsg") return [];
    return [new JobError(`\`lava-signal\` must be 'stdout' or 'kmsg', not '${signal}'`)];
  },
  async run(input, context) {
    const index = integer(input, "index");
    const test = testOf(context, index);
    const signal = optionalText(input, "signal") ?? "stdout";
    const delay = input.delay === undefined || input.delay === null ? 0 : integer(input, "delay");
    const text = runScript(test, await readDefinition(test), {
      parameters: map(input, "parameters"),
      params: map(input, "params"),
      kmsg: signal === "kmsg",
      delay,
    });
    const filename = join(test.directory, "run.sh");
    context.log.debug(`runner path: ${test.target_directory} test_uuid ${test.uuid}`);
    writeFresh(filename, text, 0o755);
    const expected = input.expected === undefined || input.expected === null ? undefined : texts(input, "expected");
    return {
      // The job's list wins; and only what the job itself expects is missing from a run that did not end.
      ...(expected && { data: { tests: { [index]: { expected, expected_by_job: true } } } }),
      extra: { ...testExtra(test, context), filename },
    };
  },
};

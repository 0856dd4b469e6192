/** What the services of one boot block are asked, in order: the block runs as a whole job in virtual time. */
import { expect } from "vitest";
import { isMap, type JsonMap } from "../../src/base/json.js";
import { decide } from "../../src/services/decide.js";
import type { ServiceRegistry } from "../../src/services/types.js";
import { DEVICE, runVirtually } from "./virtual-board.js";

export interface Step {
  service: string;
  input: JsonMap;
}

/** What was typed on the board in the last run. */
export const typed: string[] = [];

/** Runs one boot block after a deployment of `files`; gives what the services named were asked, in order. */
export async function steps(
  block: string,
  device: { boot: string; more?: string; constants?: string; real?: ServiceRegistry },
  files: JsonMap,
  answers: JsonMap = {},
): Promise<Step[]> {
  const asked: Step[] = [];
  const record = (service: string) => ({
    [service]: {
      name: service,
      run: async (input: JsonMap) => {
        asked.push({ service, input });
        const data = answers[service];
        return { ...(isMap(data) && { data }) };
      },
    },
  });
  const job = `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 } }
visibility: public
actions:
- deploy: { to: downloads, images: { a: { url: "http://files.example/a" } } }
- boot: ${block}
`;
  const text = DEVICE.replace("methods: { u-boot:", `methods: { ${device.boot}, u-boot:`).replace(
    "parameters: {}",
    `parameters: {}\n${device.more ?? ""}`,
  );
  const { verdict, board } = await runVirtually({
    job,
    device: device.constants ? text.replace("constants:\n", `constants:\n  ${device.constants}\n`) : text,
    services: {
      ...record("run-tool"),
      ...record("container-start"),
      ...record("http-request"),
      ...record("wait-for-device"),
      ...record("copy-to-disk"),
      ...record("capture-output"),
      ...record("write-text"),
      ...record("find-program"),
      ...record("prompt-session"),
      // Power commands are run with it, too.
      ...("run-commands" in answers && record("run-commands")),
      decide,
      ...device.real,
      "http-download": { name: "http-download", run: async () => ({ data: { downloads: files } }) },
    },
  });
  expect(verdict).toEqual({ result: "pass", further: [] });
  typed.splice(0, typed.length, ...board.lines);
  return asked;
}

/** The input of the one step of this service. */
export const inputOf = (asked: Step[], service: string): JsonMap => {
  const found = asked.filter((step) => step.service === service);
  expect(found).toHaveLength(1);
  return found[0]!.input;
};

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { isMap, type JsonMap } from "../../src/base/json.js";
import { parseYaml } from "../../src/definition/yaml-text.js";
import type { ActionNode, Pipeline } from "../../src/pipeline/action-tree.js";
import { buildPipeline, type PipelineInput } from "../../src/pipeline/build-pipeline.js";
import { projectMachines } from "../strategies/machine-files.js";

const jobs = new URL("jobs/", import.meta.url);
export const jobText = (name: string): string => readFileSync(fileURLToPath(new URL(`${name}.yaml`, jobs)), "utf8");

/** Builds from texts or from values, which are written as YAML first. */
export function build(job: string | object, device: string | object, more: Partial<PipelineInput> = {}): Pipeline {
  const text = (value: string | object) => (typeof value === "string" ? value : stringify(value));
  return buildPipeline({
    job: parseYaml(text(job), "job.yaml"),
    device: parseYaml(text(device), "device.yaml"),
    machines: projectMachines(),
    dispatcher: {},
    jobId: "7",
    ...more,
  });
}

export const buildFile = (job: string, device: string): Pipeline => build(jobText(job), jobText(device));

export function* nodes(actions: ActionNode[]): Generator<ActionNode> {
  for (const node of actions) {
    yield node;
    yield* nodes(node.children);
  }
}

/** The only action of this name; throws when there are none or several. */
export function action(pipeline: Pipeline, name: string): ActionNode {
  const found = [...nodes(pipeline.actions)].filter((node) => node.name === name);
  if (found.length !== 1) throw new Error(`${found.length} actions are named ${name}`);
  return found[0]!;
}

const minimalDevice = {
  constants: { failure_retry: 1, boot_retry: null },
  commands: { connect: "telnet localhost 1", hard_reset: "reset" },
  actions: { deploy: { methods: { tftp: null, image: null } }, boot: { methods: { minimal: null } } },
  timeouts: { actions: {}, connections: {} },
};

/** A job of one minimal boot; `timeouts`, `block`, `device` are laid over it. */
export function bootJob(over: { timeouts?: JsonMap; block?: JsonMap; device?: JsonMap; job?: JsonMap } = {}): Pipeline {
  const device: JsonMap = { ...minimalDevice, ...over.device };
  const timeouts = isMap(over.device?.timeouts) ? over.device.timeouts : {};
  return build(
    {
      timeouts: { job: { hours: 2 }, ...over.timeouts },
      actions: [{ boot: { method: "minimal", prompts: ["# "], ...over.block } }],
      ...over.job,
    },
    { ...device, timeouts: { actions: {}, connections: {}, ...timeouts } },
  );
}

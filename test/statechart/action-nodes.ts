/** Hand-made action trees for tests of the chart: only what a test says differs from a plain action. */
import type { ActionNode, Pipeline, TimeoutValue } from "../../src/pipeline/action-tree.js";

const here = { file: "test.yaml", line: 1, column: 1 };
export const seconds = (value: number): TimeoutValue => ({ seconds: value, rule: "test", chain: [] });

type Spec = Partial<Omit<ActionNode, "children" | "timeout" | "run">> & {
  name: string;
  seconds?: number;
  service?: string;
  children?: Spec[];
};

export function action(spec: Spec, level: string): ActionNode {
  const { children = [], seconds: limit = 60, service, ...rest } = spec;
  return {
    level,
    summary: "",
    description: "",
    section: "boot",
    namespace: "common",
    parameters: {},
    vars: {},
    retry: false,
    maxRetries: 1,
    repeat: false,
    retryInterval: 1,
    timeout: seconds(limit),
    connectionTimeout: seconds(30),
    timeoutError: "JobError",
    commandError: "JobError",
    skipOnTimeout: false,
    resets: false,
    continueOnFailure: false,
    diagnose: [],
    machine: here,
    ...(service && { run: { kind: "service" as const, service, with: {} } }),
    ...rest,
    children: children.map((child, i) => action(child, `${level}.${i + 1}`)),
  };
}

/** A pipeline of these actions and a finalize that runs the service `power-off`. */
export function pipelineOf(specs: Spec[], jobSeconds = 600): Pipeline {
  const finalize: Spec = {
    name: "finalize",
    children: [{ name: "power-off", service: "power-off", continueOnFailure: true }],
  };
  return {
    actions: [...specs, finalize].map((spec, i) => action(spec, `${i + 1}`)),
    scope: {
      job: {},
      device: {},
      dispatcher: {},
      job_id: "1",
      namespaces: {},
      methods: { deploy: {}, boot: {}, test: {} },
    },
    watchers: [],
    jobTimeout: seconds(jobSeconds),
    problems: [],
    validation: [],
    selections: [],
  };
}

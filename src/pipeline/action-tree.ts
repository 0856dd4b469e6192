/** The action tree: what a job is after its strategies were expanded. Plain JSON, typed strictly. */
import type { ErrorClassName } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import type { Location, Problem } from "../base/problem.js";
import type { CelTree, DialogueDefinition, Family, WatcherDefinition } from "../strategies/machines-types.js";
import type { Refusal } from "../strategies/select-strategy.js";

/** A timeout and how it came about, for `explain` and for errors. */
export interface TimeoutValue {
  /** Whole seconds. */
  seconds: number;
  /** The rule that gave the value, e.g. `job timeouts.actions["login-action"]` or `parent uboot-action: 60 s / 2 retries`. */
  rule: string;
  location?: Location;
  /** Every rule that applied, in order; the last is the one in force. */
  chain: { seconds: number; rule: string; location?: Location }[];
}

/** A step with its definition resolved. */
export type Step =
  | { kind: "service"; service: string; with: { [key: string]: CelTree }; skips?: true }
  | { kind: "dialogue"; dialogue: DialogueDefinition; with: { [key: string]: CelTree } };

export interface ActionNode {
  name: string;
  level: string;
  className?: string;
  summary: string;
  description: string;
  section: string;
  namespace: string;
  /** The block's parameters with the job's protocols merged (spec job.md §3). */
  parameters: JsonMap;
  /** Build-time variables of the fragments around it (`key`, `item`, ...). */
  vars: JsonMap;
  retry: boolean;
  /** Attempts of a retry action; 1 for all others. */
  maxRetries: number;
  /** Block's `repeat`: all attempts run. */
  repeat: boolean;
  /** Seconds between attempts. */
  retryInterval: number;
  timeout: TimeoutValue;
  connectionTimeout: TimeoutValue;
  timeoutError: ErrorClassName;
  commandError: ErrorClassName;
  /** Whether a LAVATimeoutError lets the job go on (`timeout: {skip: true}`). */
  skipOnTimeout: boolean;
  resets: boolean;
  continueOnFailure: boolean;
  /** Such a failure is no result either. */
  quietFailure?: boolean;
  /** Its own console's name. */
  console?: string;
  /** Without a console in its namespace it talks on the one that was opened last. */
  borrows?: boolean;
  run?: Step;
  conclude?: Step;
  diagnose: Step[];
  cleanup?: Step;
  url?: string;
  children: ActionNode[];
  /** The job's YAML position of the block. */
  location?: Location;
  /** The machines file's position of the action. */
  machine: Location;
  /** Only on top-level nodes: the strategy, e.g. `boot/u-boot`. */
  strategy?: string;
}

/** What CEL sees besides the node's own things; plain JSON, the same at build time and at run time (docs/machines.md). */
export interface Scope {
  job: JsonMap;
  device: JsonMap;
  dispatcher: JsonMap;
  job_id: string;
  /** Per namespace: traits and constants (spec job.md §1, device.md §2). */
  namespaces: {
    [name: string]: {
      needs_overlay: boolean;
      needs_deployment_data: boolean;
      has_shell: boolean;
      /** The OS table's row (spec runtime.md §9), `{}` when unknown. */
      deployment_data: JsonMap;
      /** Device constants overlaid by deployment_data and the job's context: `constants.posix.x`, `constants.x`. */
      constants: JsonMap;
      /** All test definitions of the namespace, with stage and index. */
      tests: Json[];
      /** A boot block of the namespace has `ignore_kernel_messages: true`. */
      ignore_kernel_messages: boolean;
    };
  };
  /** The device's methods by name, whatever form the device gives them in; a method without settings is `{}`. */
  methods: { deploy: JsonMap; boot: JsonMap; test: JsonMap };
}

/** How the strategy of a block was found; for `explain`. */
export interface Selection {
  /** Index among the job's blocks; those of a repeat block count each time. */
  index: number;
  /** Place in the job. */
  path: readonly (string | number)[];
  family: Family;
  location?: Location;
  /** Level of its top action; none when no strategy was found. */
  level?: string;
  chosen?: string;
  /** Every other strategy of the family with what spoke against it. */
  refused: Refusal[];
}

export interface Pipeline {
  actions: ActionNode[];
  scope: Scope;
  watchers: WatcherDefinition[];
  jobTimeout: TimeoutValue;
  /** What keeps the pipeline from being built as asked; the rest is built all the same. */
  problems: Problem[];
  /** What the pipeline would be refused for before it runs (spec runtime.md §2). */
  validation: Problem[];
  /** One for each block of the job, in order. */
  selections: Selection[];
}

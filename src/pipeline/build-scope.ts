import { isMap, type Json, type JsonMap, own, setKey } from "../base/json.js";
import { truthy } from "../strategies/cel.js";
import type { MachineDefaults } from "../strategies/machines-types.js";
import type { Scope } from "./action-tree.js";

type Namespace = Scope["namespaces"][string];

const mapOf = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});

/** Follows maps; `{}` when something on the way is missing or no map. */
const mapAt = (value: Json | undefined, ...keys: string[]): JsonMap =>
  keys.reduce((map, key) => (Object.hasOwn(map, key) ? mapOf(map[key]) : {}), mapOf(value));

/**
 * The device's methods by name. Devices give them as a map (a method without settings is null), or, in older files, as a
 * list of names and one-key maps.
 */
export function methodsOf(device: Json, family: string): JsonMap {
  const actions = mapAt(device, "actions");
  const methods = mapAt(actions[family]).methods;
  const entries = Array.isArray(methods)
    ? methods.flatMap((each): [string, Json][] => (isMap(each) ? Object.entries(each) : [[String(each), null]]))
    : Object.entries(mapOf(methods));
  return Object.fromEntries(entries.map(([name, settings]) => [name, settings ?? {}]));
}

/**
 * Constants in the order of spec job.md §1: the job's context, the deployment's data where it is not empty, the device's,
 * and our own table for what a device need not give. A name of the first two counts under every prefix.
 */
export function constantsOf(
  device: Json,
  defaults: MachineDefaults,
  deploymentData: JsonMap,
  context: JsonMap,
): JsonMap {
  const given = mapAt(device, "constants");
  const over = {
    ...Object.fromEntries(Object.entries(deploymentData).filter(([, value]) => truthy(value))),
    ...context,
  };
  const constants: JsonMap = { ...defaults.constants, ...given };
  for (const [key, value] of Object.entries(constants)) {
    const standard = own(defaults.constants, key);
    if (isMap(value) || isMap(standard)) setKey(constants, key, { ...mapOf(standard), ...mapOf(value), ...over });
  }
  for (const [key, value] of Object.entries(over)) if (!isMap(own(constants, key))) setKey(constants, key, value);
  return constants;
}

export const emptyNamespace = (constants: JsonMap): Namespace => ({
  needs_overlay: false,
  needs_deployment_data: false,
  has_shell: false,
  ignore_kernel_messages: false,
  deployment_data: {},
  constants,
  tests: [],
});

/** What expressions see beside the block's own things. */
export function buildScope(
  job: Json,
  device: Json,
  dispatcher: JsonMap,
  jobId: string,
  envDut: string | undefined,
): Scope {
  return {
    job: { ...mapOf(job), env_dut: envDut ?? null },
    device: mapOf(device),
    dispatcher,
    job_id: jobId,
    namespaces: {},
    methods: { deploy: methodsOf(device, "deploy"), boot: methodsOf(device, "boot"), test: methodsOf(device, "test") },
  };
}

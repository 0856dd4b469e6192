import type { Json, JsonMap } from "../base/json.js";
import type { ActionNode, Pipeline, Scope } from "./action-tree.js";

/** What is known only while the job runs. */
export interface LiveScope {
  /** Data of the action's namespace, and of all. */
  data: JsonMap;
  all_data: JsonMap;
  /** Of the retry action around, from 1. */
  attempt: number;
  connected: boolean;
  /** A dialogue's variables. */
  context?: JsonMap;
  /** What was heard. */
  match?: JsonMap;
}

type NodeScope = Pick<ActionNode, "name" | "level" | "section" | "namespace" | "parameters" | "vars">;

/** What an expression of this action sees at build time and at run time (docs/machines.md). */
export function nodeScope(node: NodeScope, scope: Scope): { [name: string]: Json } {
  const { namespaces, ...shared } = scope;
  const own = Object.hasOwn(namespaces, node.namespace) ? namespaces[node.namespace] : undefined;
  const { constants = {}, deployment_data = {}, tests = [], ...traits } = own ?? {};
  return {
    ...node.vars,
    ...shared,
    // `namespace` is a reserved word of CEL: expressions say `ns`, texts may say either.
    namespace: node.namespace,
    ns: node.namespace,
    level: node.level,
    action: node.name,
    section: node.section,
    parameters: node.parameters,
    constants,
    deployment_data,
    tests,
    traits,
  };
}

/**
 * What CEL and Handlebars see while the job runs: the build-time scope, and beside it the live data.
 * `timeout` and `connection_timeout` are the action's seconds.
 */
export function runtimeScope(node: ActionNode, pipeline: Pipeline, live: LiveScope): object {
  return {
    ...nodeScope(node, pipeline.scope),
    timeout: node.timeout.seconds,
    connection_timeout: node.connectionTimeout.seconds,
    ...live,
  };
}

/** Adds the helper scripts of multinode jobs to the overlay (spec multinode.md §4). */
import { join, posix } from "node:path";
import { JobError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { map, optionalText } from "./overlay/inputs.js";
import { overlayOf, resultsFolder } from "./overlay/layout.js";
import { writeFresh } from "./overlay/safe-files.js";
import { multinodeScripts } from "./overlay/scripts.js";
import { shellQuote } from "./overlay/shell-quote.js";
import type { Service } from "./types.js";

/** Read by the others. */
const LIBRARY = "lava-multi-node.lib";
const CACHE = "/tmp/lava_multi_node_cache.txt";

/** Members of the group with their roles, as lines `<job>\t<role>`; none before the server has split the group. */
function members(protocol: JsonMap): string {
  const roles = Object.entries(map(protocol, "roles")).filter(([, role]) => typeof role === "string");
  return roles.map(([job, role]) => `${job}\t${role}`).join("\n");
}

/** Variables that a script begins with. */
function variables(script: string, protocol: JsonMap, jobId: string, bin: string): [string, string][] {
  switch (script) {
    case "lava-group":
      return [["LAVA_GROUP", members(protocol)]];
    case "lava-role":
      return [["TARGET_ROLE", optionalText(protocol, "role") ?? ""]];
    case "lava-self":
      return [["LAVA_HOSTNAME", jobId]];
    case LIBRARY:
      return []; // who reads it has them
    default:
      return [
        ["LAVA_TEST_BIN", bin],
        ["LAVA_MULTI_NODE_CACHE", CACHE],
        ["LAVA_MULTI_NODE_DEBUG", "yes"],
      ];
  }
}

/** Inputs: protocol (the job's part of the group: `role`, `roles` by job). */
export const multinodeOverlay: Service = {
  name: "multinode-overlay",

  async validate(input) {
    return input.protocol === undefined || isMap(input.protocol)
      ? []
      : [new JobError("`protocols.lava-multinode` is a map of keys")];
  },

  async run(input, context) {
    const overlay = overlayOf(context);
    const protocol = map(input, "protocol");
    const bin = posix.join(overlay.results_dir, "bin");
    for (const [name, script] of await multinodeScripts()) {
      const given = variables(name, protocol, context.jobId, bin);
      const head = given.map(([variable, value]) => `${variable}=${shellQuote(value)}\n`).join("");
      context.log.debug(`Creating ${bin}/${name}`);
      writeFresh(join(resultsFolder(overlay), "bin", name), `#!${overlay.shell}\n\n${head}${script}`, 0o755);
    }
    return undefined;
  },
};

import generated from "./generated/machines.json" with { type: "json" };
import type { Machines } from "./machines-types.js";

/** The machines of this project, compiled by scripts/build-machines.mjs. Not to be changed by callers. */
export const builtInMachines = (): Machines => generated as unknown as Machines;

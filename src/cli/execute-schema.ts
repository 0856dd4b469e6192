import device from "../definition/generated/device.schema.json" with { type: "json" };
import deviceStrict from "../definition/generated/device.strict.schema.json" with { type: "json" };
import job from "../definition/generated/job.schema.json" with { type: "json" };
import jobStrict from "../definition/generated/job.strict.schema.json" with { type: "json" };
import testDefinition from "../definition/generated/test-definition.schema.json" with { type: "json" };
import testDefinitionStrict from "../definition/generated/test-definition.strict.schema.json" with { type: "json" };
import type { SCHEMAS, SchemaOptions } from "./commands/schema.js";
import type { CliContext } from "./context.js";
import { EXIT } from "./exit-codes.js";

/** Loose and strict. */
const PUBLISHED = {
  job: [job, jobStrict],
  device: [device, deviceStrict],
  "test-definition": [testDefinition, testDefinitionStrict],
};

/** `lava-dispatch schema`: prints what scripts/build-schemas.mjs has published. */
export async function executeSchema(
  what: (typeof SCHEMAS)[number],
  { strict = false }: SchemaOptions,
  { stdout }: CliContext,
): Promise<number> {
  stdout.write(`${JSON.stringify(PUBLISHED[what][strict ? 1 : 0], null, 2)}\n`);
  return EXIT.passed;
}

/** What a device adds to all of its containers reaches every tool that a job can put into one. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { isMap, type Json } from "../../src/base/json.js";

const root = new URL("../../machines/", import.meta.url);
/** LAVA starts these containers by itself, without the device's options. */
const APART = ["boot/gdb.yaml", "boot/nodebooter.yaml"];

/** The inputs of all steps that name a container. */
function inContainers(node: Json | undefined): Json[] {
  if (Array.isArray(node)) return node.flatMap(inContainers);
  if (!isMap(node)) return [];
  const own = isMap(node.with) && "container" in node.with ? [node.with] : [];
  return [...own, ...Object.values(node).flatMap(inContainers)];
}

test("each step that may run in a container says what the device adds to it", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
  const steps = files.flatMap((name) =>
    inContainers(parse(readFileSync(new URL(name, root), "utf8"))).map((input) => ({ name, input })),
  );
  expect(steps.length).toBeGreaterThan(10);
  const lacking = steps.filter(({ input }) => isMap(input) && !("container_options" in input));
  expect([...new Set(lacking.map(({ name }) => name))]).toEqual(APART);
});

import { expect, test } from "vitest";
import { loadMachines } from "../../src/strategies/load-machines.js";
import { selectStrategy } from "../../src/strategies/select-strategy.js";

const strategy = (name: string, accepts: unknown[], more: object = {}) => ({
  file: `${name}.yaml`,
  text: JSON.stringify({ strategy: `boot/${name}`, accepts, pipeline: [], ...more }),
});
const select = (files: { file: string; text: string }[], scope: object) => {
  const { machines, problems } = loadMachines(files);
  // conditions of these tests read variables of their own
  expect(problems.filter(({ message }) => !message.endsWith("which is not there."))).toEqual([]);
  return selectStrategy(machines.strategies, scope);
};

test("the first that accepts wins", () => {
  const files = [strategy("b", ["true"], { order: 1 }), strategy("a", ["true"], { order: 2 })];
  const { chosen, refused } = select(files, {});
  expect(chosen?.strategy).toBe("boot/b");
  expect(refused).toMatchObject([
    { strategy: "boot/a", condition: "", reason: "accepts as well, but boot/b comes first" },
  ]);
});

test("priority comes before order, and is sorted stably", () => {
  const files = [
    strategy("plain", ["true"], { order: 1 }),
    strategy("high-1", ["true"], { order: 2, priority: 10 }),
    strategy("high-2", ["true"], { order: 3, priority: 10 }),
  ];
  expect(select(files, {}).chosen?.strategy).toBe("boot/high-1");
});

test("the nearest is the one whose method was meant, and of these the one with most conditions held", () => {
  const files = [
    strategy("other", ['m == "x"', "true", "true", "true"]),
    strategy("meant", ['m == "y"', "true", { cel: "has(p.a)", otherwise: "there is no a in {{m}}" }, "false"]),
    strategy("meant-less", ['m == "y"', "false", "false"]),
  ];
  const { chosen, nearest } = select(files, { m: "y", p: {} });
  expect(chosen).toBeUndefined();
  expect(nearest).toMatchObject({
    strategy: "boot/meant",
    held: 2,
    of: 4,
    condition: "has(p.a)",
    reason: "there is no a in y",
    location: { file: "meant.yaml" },
  });
});

test("no nearest when no method was meant", () =>
  expect(select([strategy("a", ["m == 1", "true"])], { m: 2 }).nearest).toBeUndefined());

test("`refuse` ends the search with its class, though another strategy accepts", () => {
  const refuse = { cel: "has(p.commands)", refuse: "ConfigurationError" };
  const files = [strategy("a", ['m == "a"', refuse], { order: 1 }), strategy("b", ["true"], { order: 2 })];
  expect(select(files, { m: "a", p: {} })).toMatchObject({
    errorClass: "ConfigurationError",
    nearest: { strategy: "boot/a" },
  });
  // Conditions before it do not hold: the strategy is not meant.
  expect(select(files, { m: "b", p: {} }).chosen?.strategy).toBe("boot/b");
});

test("a condition without a value does not hold, and says why", () => {
  const { refused } = select([strategy("a", ["p.missing == 1"])], { p: {} });
  expect(refused[0]?.reason).toMatch(/No such key: missing/);
});

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { services } from "../../src/services/index.js";

it("every service that opens a console says so: validation asks it", () => {
  const opens = Object.values(services).filter(({ opensConsole }) => opensConsole);
  const calls = (name: string) => /setConsole\((?!undefined)/.test(readFileSync(`src/services/${name}.ts`, "utf8"));
  expect(opens.map(({ name }) => name).sort()).toEqual(
    Object.keys(services)
      .filter((name) => {
        try {
          return calls(name);
        } catch {
          return false; // its file has another name
        }
      })
      .sort(),
  );
  expect(opens).toHaveLength(5);
});

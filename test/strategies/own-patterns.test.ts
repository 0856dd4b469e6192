import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { boundedRegExp, needsBounds } from "../../src/base/regexp/bounded-regexp.js";

/** All texts of a value. */
const texts = (value: unknown): string[] =>
  typeof value === "string" ? [value] : value && typeof value === "object" ? Object.values(value).flatMap(texts) : [];

const files = readdirSync("machines", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
const patterns = files
  .flatMap((file) => texts(parse(readFileSync(join("machines", file), "utf8"))))
  .flatMap((text) => [...text.matchAll(/\.matches\("((?:\\.|[^"\\])*)"/g)].map(([, literal]) => `"${literal}"`));

it("patterns that expressions look for are quick on every text", () => {
  const own = [...new Set(patterns)].map((literal) => JSON.parse(literal) as string);
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((pattern) => needsBounds(boundedRegExp(pattern)))).toEqual([]);
});

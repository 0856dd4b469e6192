/** The table of methods: a row for each file of machines/ that a block of a job can choose, and no cell without a word. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describePeers } from "../../scripts/peers/peers.mjs";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/methods.md", root), "utf8");
const section = page.slice(0, page.indexOf("\n## Peers\n"));
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
const methods = rows.filter(([first]) => first !== "method" && first !== "kind");
const links = [...section.matchAll(/\]\(\.\.\/(machines\/[^)]+)\)/g)].map(([, path]) => path!);

describe("The table of methods", () => {
  it.each(["deploy", "boot", "test", "command"])("has a row for each file of machines/%s", (family) => {
    const files = readdirSync(new URL(`machines/${family}/`, root)).map((name) => `machines/${family}/${name}`);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !links.includes(file))).toEqual([]);
  });

  it.each(["deploy", "boot"])("names each method that a job's schema knows for %s", (family) => {
    const known = readdirSync(new URL(`src/definition/schemas/${family}/`, root)).map((name) =>
      name.replace(".yaml", ""),
    );
    const names = methods.map(([first]) => first).join(", ");
    expect(known.filter((name) => !new RegExp(`(^|[ [\`])${name}($|[\\] ,\`])`, "m").test(names))).toEqual([]);
  });

  it("leads to files that are there", () => {
    expect(
      links.filter((path) => !readdirSync(new URL(".", new URL(path, root))).includes(path.split("/").at(-1)!)),
    ).toEqual([]);
  });

  it("has the columns of every row, each with a word; what is not a yes has its reason", () => {
    const header = [
      "tree exact",
      "runs on a real peer in the tests",
      "runs against a recording",
      "runs against a stand-in tool",
    ];
    const headers = rows.filter(([first]) => first === "method" || first === "kind");
    expect(headers.map(([, ...columns]) => columns)).toEqual([header, header, header]);
    expect(methods.length).toBeGreaterThan(60);
    const lacking = methods.flatMap(([method, exact = "", ...others]) => [
      ...(/^yes\b/.test(exact) ? [] : [`${method}: tree exact: ${exact}`]),
      ...(others.length === 3 ? [] : [`${method}: ${others.length + 2} cells`]),
      ...others
        .filter((cell) => !/^(yes|no|in part): \S|^– \(.+\)|^scripted console\b/.test(cell))
        .map((cell) => `${method}: ${cell}`),
    ]);
    expect(lacking).toEqual([]);
  });
});

describe("The table of peers", () => {
  const peers = page
    .slice(page.indexOf("\n## Peers\n"))
    .split("\n")
    .flatMap((line) => /^\| \[([\w-]+)\]\(/.exec(line)?.[1] ?? []);

  it("has a row for each file of scripts/peers, and each of them has its tests", () => {
    expect(peers.toSorted()).toEqual(Object.keys(describePeers()).toSorted());
    const tests = readdirSync(new URL("test/peers/", root)).map((name) => name.replace(".test.ts", ""));
    expect(tests.toSorted()).toEqual(peers.toSorted());
  });
});

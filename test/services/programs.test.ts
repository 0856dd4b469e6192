import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findProgram, missingPrograms, showWords, splitWords } from "../../src/services/programs.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext | undefined;
afterEach(() => context?.cleanup());

describe("splitWords", () => {
  test.each<[string, string[]]>([
    ["telnet 127.0.0.1 6020", ["telnet", "127.0.0.1", "6020"]],
    ["  a\t b\n", ["a", "b"]],
    [`-append "console=ttyS0,115200 root=/dev/ram0"`, ["-append", "console=ttyS0,115200 root=/dev/ram0"]],
    [`a'b c'"d e"f\\ g`, ["ab cd ef g"]],
    [`"" ''`, ["", ""]],
    [`"a \\" \\\\ \\$HOME \\n"`, ['a " \\ $HOME \\n']],
    [`'a \\'`, ["a \\"]],
    ["echo $HOME; rm -rf * | sh", ["echo", "$HOME;", "rm", "-rf", "*", "|", "sh"]],
    ["a \\\n b", ["a", "b"]],
    ["", []],
  ])("%s", (text, words) => expect(splitWords(text)).toEqual(words));

  test("an open quote or a last backslash is a JobError", () => {
    expect(() => splitWords(`a "b`)).toThrowError(expect.objectContaining({ name: "JobError" }));
    expect(() => splitWords("a\\")).toThrowError(expect.objectContaining({ name: "JobError" }));
  });
});

test("words are shown as LAVA's logs show them", () => {
  expect(showWords(["/srv/power", "reset it"])).toBe("['/srv/power', 'reset it']");
  expect(showWords(["it's"])).toBe(`["it's"]`);
});

test("a program is looked up in PATH, in the system's folders, or relative to a folder", () => {
  context = testContext();
  const bin = join(context.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "switch"), "#!/bin/sh\n");
  expect(findProgram("switch", { PATH: bin })).toBeUndefined();
  chmodSync(join(bin, "switch"), 0o755);
  expect(findProgram("switch", { PATH: `relative:${bin}` })).toBe(join(bin, "switch"));
  expect(findProgram("./bin/switch", {}, context.root)).toBe(join(bin, "switch"));
  expect(findProgram("./bin/switch", {})).toBeUndefined();
  expect(findProgram("bin", { PATH: context.root })).toBeUndefined();
  expect(findProgram("", { PATH: bin })).toBeUndefined();
});

test("a missing program is an InfrastructureError that names it and its package", () => {
  const [xz, other, ...more] = missingPrograms(["xz", "no-such-program", "xz"], { PATH: "" });
  expect(xz).toMatchObject({ name: "InfrastructureError", message: "The program 'xz' cannot be found" });
  expect(xz?.advice).toContain("apt-get install xz-utils");
  expect(other?.message).toContain("no-such-program");
  expect(more).toEqual([]);
});

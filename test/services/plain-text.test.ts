/** `undefined`, `null`, `NaN` and `[object Object]` are in no word of a command, no file and nothing that is typed. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { DispatchError } from "../../src/base/errors.js";
import type { Json, JsonMap } from "../../src/base/json.js";
import { exportedEnvironment } from "../../src/services/device-environment.js";
import { shellArguments } from "../../src/services/docker-shell.js";
import { dockerTestEnvironment } from "../../src/services/docker-test-environment.js";
import { readDownloadInput } from "../../src/services/download/local-file.js";
import { flashPlaceholders } from "../../src/services/flash-commands.js";
import { nfsAddress } from "../../src/services/nfs-check.js";
import { checkDefinition } from "../../src/services/overlay/definition.js";
import { givenVariables, jobVariables } from "../../src/services/overlay/environment.js";
import { plainText, pythonText } from "../../src/services/overlay/python-text.js";
import { evaluateCel } from "../../src/strategies/cel.js";

const WORDS = /undefined|\[object |\bNaN\b|\bnull\b|native code/;
/** What YAML can put where a text is meant. */
const VALUES: [string, Json][] = [
  ["null", null],
  ["a map", { a: { b: null } }],
  ["a list", [null, { a: 1 }, [null]]],
  ["no number", Number.NaN],
  ["no end", Number.POSITIVE_INFINITY],
];
const told = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** What makes words, given the value. */
const MAKERS: { [name: string]: (value: Json) => unknown } = {
  "a word": plainText,
  "a parameter of a test": pythonText,
  "flash commands": (value) => Object.values(flashPlaceholders({}, "/", { commands: { hard_reset: value } })),
  "several commands": (value) => Object.values(flashPlaceholders({}, "/", { commands: { hard_reset: [value, "a"] } })),
  "a test shell in a container": (value) =>
    shellArguments(
      { bind_mounts: [[value, "/a"], value], environment: { A: value }, command: ["sh"] },
      { image: "debian" } as never,
      { action: { level: "1" }, jobId: "1", paths: {} } as never,
    ),
  "what a container knows of the device": (value) =>
    Object.values(dockerTestEnvironment({ adb_serial_number: value, commands: { hard_reset: [value] } })),
  "a download": (value) => {
    const { url, headers } = readDownloadInput(
      { url: "http://a/{k}", headers: { h: value } },
      { device: { static_info: [{ k: value }] } },
    );
    return [url, Object.values(headers)];
  },
  "an NFS address": (value) => Object.values(nfsAddress("s:/{k}", { device: { static_info: [{ k: value }] } })),
  "a definition's steps": (value) =>
    checkDefinition(
      { metadata: { name: "n" }, run: { steps: ["x", value] }, parse: { fixupdict: { PASS: value } } },
      "d",
    ).definition.steps,
  "variables of a job": (value) => [
    givenVariables({ environment: { A: value }, device_info: [{ b: value }] }, { C: value }, () => {}),
    jobVariables({
      jobId: "1",
      job: { tags: [value] },
      device: { hostname: value },
      dispatcher: { prefix: value },
      ip: undefined,
    }).map(([, each]) => each ?? ""),
  ],
  "the device's environment": async (value) =>
    Object.values(await exportedEnvironment(JSON.stringify({ purge: true, overrides: { A: value } }), {})),
};

describe.each(Object.entries(MAKERS))("%s", (_, make) => {
  test.each(VALUES)("%s", async (_name, value) => {
    // What cannot be one at all is refused, in words that say what it was.
    const made = await Promise.resolve()
      .then(() => make(value))
      .catch((error: unknown) => (error instanceof DispatchError ? error.message : Promise.reject(error)));
    expect(told(made)).not.toMatch(WORDS);
  });
});

/** These know that it is a text or a number. */
const CHECKED = ["devices/usb-devices.ts", "download/cache-url.ts", "download/local-file.ts", "tool/tool-command.ts"];

test("a service makes texts of values in one way", () => {
  const folder = new URL("../../src/services/", import.meta.url);
  const own = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("python-text.ts"))
    .filter((name) =>
      /map\(String\).join|\bString\((?:value|item|command|entry)\b/.test(readFileSync(new URL(name, folder), "utf8")),
    );
  expect(own.sort()).toEqual(CHECKED);
});

describe("expressions", () => {
  const scope = { none: null, number: Number.NaN, given: "x" };
  test.each([
    ["text(none)", ""],
    ["join([none, given], '-')", "-x"],
    ["fill('{a}{b}', {'a': none, 'b': given})", "x"],
    ["'a' + text({'a': 1}[?'b'])", "a"],
    ["join([{'a': 1}[?'b'], 'x'], '-')", "-x"],
  ])("%s", (expression, value) => {
    expect(evaluateCel(expression, scope)).toBe(value);
  });
  test.each(["text(number)", "hex('x')", "seconds('x')", "join([number], '')", "fill('{a}', {'a': number})"])(
    "%s has no value",
    (expression) => {
      expect(() => evaluateCel(expression, scope)).toThrow(/has no value: .*no number/);
    },
  );
});

/** Every text of a tree. */
function* textsOf(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const each of Object.values(value)) yield* textsOf(each);
}

describe("golden files", () => {
  const folder = new URL("../golden/", import.meta.url);
  const files = ["device", "explain", "pipeline", "results", "strategies"].flatMap((name) =>
    readdirSync(new URL(`${name}/`, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(?:txt|ya?ml)$/.test(file))
      .map((file) => `${name}/${file}`),
  );
  test("are there", () => expect(files.length).toBeGreaterThan(50));
  test.each(files)("%s", (file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    expect(text).not.toMatch(/\bundefined\b(?! variable)|\[object |\bNaN\b|native code/);
    if (!/^device\/[^/]+\.yaml$/.test(file)) return;
    // Commands of devices: a `null` of YAML is no text, and `/dev/null` is a file.
    for (const document of parseAllDocuments(text))
      for (const each of textsOf((document as { toJS(): JsonMap }).toJS()))
        expect(each.replaceAll("/dev/null", "")).not.toMatch(WORDS);
  });
});

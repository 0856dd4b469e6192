import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonMap } from "../../../src/base/json.js";
import { Environment } from "../../../src/device/jinja/environment.js";
import { JinjaError } from "../../../src/device/jinja/errors.js";

/** Written by scripts/record-jinja.mjs. */
interface Recording {
  context: JsonMap;
  templates: { [name: string]: string };
  cases: Recorded[];
}

interface Recorded {
  source: string;
  text?: string;
  error?: { fault: string; message: string; template: string; line: number };
}

const { context, templates, cases }: Recording = JSON.parse(
  readFileSync(new URL("language.json", import.meta.url), "utf8"),
);

/** What the interpreter makes of a template. */
function rendered(source: string): Omit<Recorded, "source"> {
  const environment = new Environment((name) => templates[name]);
  try {
    return { text: environment.render(environment.parse(source, "case"), context).text };
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    const { fault, message, template, line } = error;
    return { error: { fault, message, template: template ?? "", line: line ?? 0 } };
  }
}

describe("Jinja2's language", () => {
  it.each(cases)("$source", ({ source, text, error }) => {
    const own = rendered(source);
    if (text !== undefined) expect(own).toEqual({ text });
    else {
      expect(own.error, `refused as Python does: ${error?.message}`).toBeDefined();
      expect(own.error?.template).toBe(error?.template);
      // Python knows the line of the statement, we that of the expression in it
      expect(own.error?.line).toBeGreaterThanOrEqual(error?.line ?? 0);
      expect(own.error?.line).toBeLessThanOrEqual(source.split("\n").length);
    }
  });
});

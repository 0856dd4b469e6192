import { describe, expect, test } from "vitest";
import { dispatcherSettings } from "../../src/cli/dispatcher-settings.js";

const read = (text: string) => {
  const { settings, problems } = dispatcherSettings(text, "dispatcher.yaml");
  return { settings, problems: problems.map(({ severity, message }) => `${severity}: ${message}`) };
};

describe("the dispatcher's settings", () => {
  test.each([
    "",
    "\n",
    " \n\t\n",
    "# dispatcher_ip: <dispatcher-ip>\n",
    "# a\r\n\r\n  # b\r\n",
    "\ufeff# a",
    "---\n# a\n...\n",
    "--- # a\n",
    "{}",
    "~\n",
    "null # a",
  ])("%j is none", (text) => {
    expect(read(text)).toEqual({ settings: {}, problems: [] });
  });
  test("a map has settings, after comments, too", () => {
    expect(read("# a\n---\nprefix: x-\ndispatcher_ip: 10.0.2.2\n")).toEqual({
      settings: { prefix: "x-", dispatcher_ip: "10.0.2.2" },
      problems: [],
    });
  });
  test.each(["[1]", "dispatcher_ip", "7"])("what is no map sets nothing, which is said: %j", (text) => {
    expect(read(text)).toEqual({
      settings: {},
      problems: ["warning: the dispatcher's settings are not used: they must be a map of keys"],
    });
  });
  test("what is no YAML is an error", () => {
    expect(read("a: [").problems.join()).toMatch(/^error: /);
  });
});

import { describe, expect, it } from "vitest";
import { nearest } from "../../src/base/nearest.js";

const KEYS = ["prompts", "auto_login", "transfer_overlay", "timeout", "timeouts", "u-boot"];

describe("nearest", () => {
  it.each([
    ["promts", ["prompts"]],
    ["prmopts", ["prompts"]],
    ["autologin", ["auto_login"]],
    ["auto-login", ["auto_login"]],
    ["uboot", ["u-boot"]],
    ["timout", ["timeout", "timeouts"]],
    ["TIMEOUT", ["timeout", "timeouts"]],
    ["connection", []],
    ["x", []],
  ])("%s", (word, expected) => {
    expect(nearest(word, KEYS)).toEqual(expected);
  });
});

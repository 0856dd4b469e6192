import { expect, test } from "vitest";
import { secretsOf } from "../../src/definition/secrets.js";

const boot = (login: { [key: string]: string }) => ({
  actions: [{ boot: { auto_login: login, prompts: ["root@board:"] } }],
});

test("what a job calls secrets, whole and short ones too, with a warning", () => {
  const { values, warnings } = secretsOf({ secrets: { A: "hunter2-and-more", B: "ok" } });
  expect(values).toEqual(["hunter2-and-more", "ok"]);
  expect(warnings).toEqual([expect.stringContaining("'B' is a short or common word")]);
});

test.each([
  ["a login's password", boot({ username: "root", password: "hunter22" }), ["hunter22"]],
  ["a registry's", { actions: [{ deploy: { image: { login: { user: "u", password: "hunter22" } } } }] }, ["hunter22"]],
  [
    "a header, with and without its scheme",
    { actions: [{ deploy: { kernel: { headers: { Authorization: "Bearer abcdefgh", Accept: "text/plain" } } } }] },
    ["Bearer abcdefgh", "abcdefgh"],
  ],
  ["a token's header", { a: { headers: { "PRIVATE-TOKEN": "glpat-123" } } }, ["glpat-123"]],
  ["a URL's password", { repository: "https://me:p%40ssword@host/x.git" }, ["p@ssword"]],
  ["a token in a URL", { repository: "https://ghp_0123456789abc@host/x.git" }, ["ghp_0123456789abc"]],
  ["a parameter of a URL", { url: "https://host/x?a=1&access_token=abcdefgh&b=2" }, ["abcdefgh"]],
  ["nothing of ssh's user", { url: "ssh://git@host/x" }, []],
])("%s", (_, job, values) => {
  expect(secretsOf(job)).toMatchObject({ values, warnings: [] });
});

test("the device's are secret, too", () => {
  expect(secretsOf({}, { commands: { login: { password: "hunter22" } } }).values).toEqual(["hunter22"]);
});

test.each(["root", "board", "root@board"])(
  "%j, which stands in clear beside it, is hidden under its key only",
  (password) => {
    const { values, keys, warnings } = secretsOf(boot({ username: "root", password }));
    expect(values).toEqual([]);
    expect(keys?.test("password")).toBe(true);
    expect(warnings).toEqual([
      expect.stringContaining("'actions.0.boot.auto_login.password' is a short or common word"),
    ]);
  },
);

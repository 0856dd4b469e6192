/** The published schema in an editor: VS Code's YAML language server, with the settings that README shows. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEditor } from "../support/yaml-editor.js";
import { published } from "./published-schemas.js";

const root = new URL("../../", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "editor-"));
let editor: Awaited<ReturnType<typeof openEditor>> | undefined;
beforeAll(async () => {
  writeFileSync(join(folder, "job.schema.json"), JSON.stringify(published("job", true)));
  const readme = readFileSync(new URL("README.md", root), "utf8");
  const line = /^"yaml\.schemas": .*$/m.exec(readme)?.[0];
  editor = await openEditor(folder, {
    ...JSON.parse(`{${line}}`),
    "yaml.validate": true,
    "yaml.hover": true,
    "yaml.completion": true,
  });
}, 60_000);
afterAll(async () => {
  await editor?.close();
  rmSync(folder, { recursive: true });
});

const BROKEN = `device_type: qemu
job_name: x
visibility: publik
timeouts: {job: {minutes: 10}}
actions:
- deploy:
    to: tftp
    kernel: {url: a, typ: image}
    ramdisk: {url: a, compression: gzip}
- boot:
    method: u-boot
- test:
    definitions:
    - {from: git, name: a b, repository: x}
`;

test("underlines what is wrong, each at its place, and nothing else", async () => {
  const found = await editor!.open("jobs/broken.yaml", BROKEN);
  expect(found.map(({ range, message }) => `${range.start.line + 1}: ${message}`)).toEqual([
    '3: Value is not accepted. Valid values: "public", "personal".',
    "8: Property typ is not allowed.",
    '9: Value is not accepted. Valid values: "bz2", "gz", "xz", "zip", "zstd", null.',
    '10: Missing property "commands".',
    '14: Missing property "path".',
    '14: String does not match the pattern of "^[-_a-zA-Z0-9.]+$".',
  ]);
});

test.each(["uboot-arm64", "qemu-x86_64", "gold/qemu-arm64"])("underlines nothing in jobs/%s.yaml", async (name) => {
  expect(await editor!.open(`jobs/${name}.yaml`, readFileSync(new URL(`jobs/${name}.yaml`, root), "utf8"))).toEqual([]);
});

test("says what a key means, and offers the methods", async () => {
  await editor!.open("jobs/words.yaml", BROKEN);
  expect(await editor!.hover("jobs/words.yaml", 5, 4)).toContain("Files that the bootloader fetches over TFTP");
  expect(await editor!.hover("jobs/words.yaml", 6, 5)).toContain("The method of deployment");
  expect(await editor!.hover("jobs/words.yaml", 7, 14)).toContain("Where it is");
  expect(await editor!.completions("jobs/words.yaml", 10, 12)).toEqual(
    expect.arrayContaining(["u-boot", "qemu", "minimal"]),
  );
});

/** qdl's argument list: the real program takes it in a dry run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTool } from "../../src/services/run-tool.js";
import { steps } from "../interpreter/tool-steps.js";
import { type TestContext, testContext } from "../services/service-context.js";
import { describeWithPeers, peerFolder } from "../support/peer.js";

describeWithPeers("qdl", ["qdl"], () => {
  let context: TestContext;
  beforeEach(() => {
    context = testContext();
  });
  afterEach(() => context.cleanup());

  async function flash(files: { [name: string]: string }) {
    const folder = join(context.paths.work, "flash");
    mkdirSync(join(folder, "sub"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "sub", name), text);
    const qdl = join(context.root, "qdl");
    const real = join(peerFolder("qdl"), "qdl");
    const lines = [`case $1 in --version) exec '${real}' "$@";; esac`, `exec '${real}' --dry-run "$@"`];
    writeFileSync(qdl, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
    const asked = await steps(
      "{ method: qdl, firehose_program: p.elf, rawprogram: r.xml, patch: p.xml, path: sub, storage: ufs, debug: true }",
      {
        boot: `qdl: { parameters: { command: ${qdl}, enter-commands: [relay edl] } }`,
        more: "board_qdl_id: '12345678'\nboard_id: 'QUSB_BULK_CID:0420_SN:12345678'\nusb_vendor_id: 05c6\nusb_product_id: '9008'",
      },
      { qcomflash: { file: folder, name: "flash" } },
      { "run-tool": { tool: { qdl_version: "qdl version v2.8" } }, "run-commands": {} },
    );
    for (const { service, input } of asked) if (service === "run-tool") await context.use(runTool, input);
  }

  const FILES = {
    "p.elf": "program",
    "r.xml": `<?xml version="1.0"?>
<data><program SECTOR_SIZE_IN_BYTES="4096" file_sector_offset="0" filename="image" label="boot" num_partition_sectors="1"
 physical_partition_number="0" start_sector="6" sparse="false"/></data>\n`,
    "p.xml": '<?xml version="1.0"?>\n<patches></patches>\n',
    image: "image",
  };

  test("is taken, its files seen from their own folder", async () => {
    await flash(FILES);
    expect(context.data.tool).toMatchObject({ qdl_version: expect.stringContaining("qdl version v2.8") });
    expect(context.log.text()).toContain("--skipblock=sha256");
    expect(context.log.text()).not.toMatch(/usage|unrecognized|invalid option/i);
  });

  test("a program that is not there is the reason of its failure", async () => {
    const { "p.elf": _, ...others } = FILES;
    await expect(flash(others)).rejects.toThrow("p.elf");
  });
});

/** The helper scripts of a group's members, really run by the shells that targets have; a dispatcher's part is played. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { multinodeOverlay } from "../../src/services/multinode-overlay.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { buildOverlay, targetShells } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));
const protocol = { target_group: "g", role: "server", roles: { "42": "server", "43": "client", "44": "client" } };

describe.each(targetShells(folder))("with $name", ({ path }) => {
  let context: TestContext;
  let bin: string;
  beforeEach(async () => {
    context = testContext();
    const results = join(context.root, "target");
    await buildOverlay(context, { shell: path });
    await context.use(multinodeOverlay, { protocol });
    bin = join(String((context.data.overlay as { directory: string }).directory), "lava-42", "bin");
    rmSync(results, { force: true });
  });
  afterEach(() => context.cleanup());

  /** Runs a script; each answer is typed once its request was printed. The script believes to be below the target's root. */
  const run = (script: string, words: string[], answers: { [request: string]: string } = {}) =>
    new Promise<{ code: number | null; lines: string[]; cache: string[] }>((resolve) => {
      const cache = join(context.root, "cache");
      const text = readFileSync(join(bin, script), "utf8")
        .replace("LAVA_TEST_BIN=/lava-42/bin", `LAVA_TEST_BIN=${bin}`)
        .replace("LAVA_MULTI_NODE_CACHE=/tmp/lava_multi_node_cache.txt", `LAVA_MULTI_NODE_CACHE=${cache}`);
      const child = spawn(path, ["-c", text, join(bin, script), ...words]);
      let out = "";
      child.stdout.on("data", (bytes: Buffer) => {
        out += bytes;
        for (const [request, answer] of Object.entries(answers))
          if (out.includes(request)) {
            child.stdin.write(`noise\r\n${answer}\r\n`);
            delete answers[request];
          }
      });
      child.on("close", (code) => {
        const lines = out.split("\n").filter((line) => line && !line.includes("_DEBUG"));
        resolve({ code, lines, cache: existsSync(cache) ? readFileSync(cache, "utf8").trimEnd().split("\n") : [] });
      });
    });

  it("lava-send, lava-sync, lava-wait and lava-wait-all speak the dispatcher's lines", async () => {
    expect(await run("lava-send", ["ipv4", "ipaddr=10.0.0.1", "name=my board"])).toMatchObject({
      code: 0,
      lines: ["<LAVA_MULTI_NODE> <LAVA_SEND ipv4 ipaddr=10.0.0.1 name=my board>"],
    });
    expect(await run("lava-sync", ["here"], { "<LAVA_SYNC here>": "<LAVA_SYNC_COMPLETE>" })).toMatchObject({ code: 0 });
    expect(
      await run("lava-wait", ["ipv4"], {
        "<LAVA_WAIT ipv4>": "<LAVA_WAIT_COMPLETE 43:ipaddr=10.0.0.2 43:name=my board 44:ipaddr=10.0.0.3>",
      }),
    ).toEqual({
      code: 0,
      lines: ["<LAVA_MULTI_NODE> <LAVA_WAIT ipv4>"],
      cache: ["43:ipaddr=10.0.0.2", "43:name=my board", "44:ipaddr=10.0.0.3"],
    });
    expect(
      await run("lava-wait-all", ["up", "client"], { "WAIT_ALL up client>": "<LAVA_WAIT_ALL_COMPLETE 43.1:a=b>" }),
    ).toMatchObject({
      code: 0,
      cache: ["43.1:a=b"],
    });
  });

  it("a nack is told, and is no failure, as with LAVA's scripts", async () => {
    const told = { code: 0, lines: [expect.any(String), "the coordinator did not answer WAIT x"], cache: [] };
    expect(await run("lava-wait", ["x"], { "WAIT x": "<LAVA_WAIT_COMPLETE nack>" })).toEqual(told);
    expect(await run("lava-sync", ["x"], { "SYNC x": "<LAVA_SYNC_COMPLETE nack>" })).toMatchObject({ code: 0 });
    expect(await run("lava-send", [])).toMatchObject({ code: 1, lines: [] });
  });

  it("lava-self, lava-role and lava-group know the group", async () => {
    expect((await run("lava-self", [])).lines).toEqual(["42"]);
    expect((await run("lava-role", [])).lines).toEqual(["server"]);
    expect((await run("lava-role", ["list"])).lines).toEqual(["server", "client", "client"]);
    expect((await run("lava-group", [])).lines).toEqual(["42\tserver", "43\tclient", "44\tclient"]);
    expect(await run("lava-group", ["client"])).toMatchObject({ code: 0, lines: ["43", "44"] });
    expect(await run("lava-group", ["none"])).toMatchObject({ code: 1, lines: [] });
  });

  it("the hosts of virtual machines tell where they are, and wait for the end", async () => {
    const { lines } = await run("lava-start-vms", ["lo"]);
    expect(lines).toEqual(["<LAVA_MULTI_NODE> <LAVA_SEND lava_vm_start host_ip=127.0.0.1>"]);
    expect(
      await run("lava-wait-for-vms", [], { "WAIT_ALL lava_vm_stop>": "<LAVA_WAIT_ALL_COMPLETE 43:done=1>" }),
    ).toMatchObject({
      code: 0,
      lines: ["<LAVA_MULTI_NODE> <LAVA_SEND lava_vm_stop>", "<LAVA_MULTI_NODE> <LAVA_WAIT_ALL lava_vm_stop>"],
    });
  });
});

/** Every helper script, called in every way that people call them: what LAVA's do of it (helper-calls.yaml). */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { multinodeOverlay } from "../../src/services/multinode-overlay.js";
import { overlayDirectory } from "../../src/services/overlay-directory.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { targetShells } from "./overlay-fixture.js";
import { testContext } from "./service-context.js";

interface Outcome {
  out?: string[];
  code?: number;
}
interface Call extends Outcome {
  call: string;
  dash?: Outcome;
  ash?: Outcome;
  ours?: Outcome;
  cut?: boolean;
}

const calls = parse(readFileSync(join(import.meta.dirname, "helper-calls.yaml"), "utf8")) as Call[];
const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder), 60_000);

/** Texts for people, which every program words as it likes. */
const WORDS = /^(lava-[\w-]+:.*|the coordinator .*|<LAVA_\w+_DEBUG .*|)$/;
const CACHE = "/tmp/lava_multi_node_cache.txt";

/** What the calls find in their folder. */
const FILES: { [name: string]: [text: string, mode?: number] } = {
  file: ["content\n"],
  sourced: ["echo in sourced\nexit 5\n"],
  script: ["#!/bin/sh\necho in script\nexit 6\n", 0o755],
  "not-executable": ["true\n"],
};

async function helpers(place: string, shell: string): Promise<string> {
  const context = testContext({
    device: {
      parameters: { interfaces: { target: { ip: "10.0.0.7", mac: "00:11:22:33:44:55" } } },
      static_info: [{ board_id: "x" }, { probe_ip: "10.0.0.8", probe_channel: "3" }],
      storage_info: [{ UMS: "/dev/disk/by-id/u" }, { SATA: "/dev/sda" }],
    },
  });
  await context.use(overlayDirectory, { results_dir: place, shell });
  await context.use(multinodeOverlay, {
    protocol: { role: "client", roles: { "12": "client", "13": "server", "14": "server" } },
  });
  const { directory } = context.data.overlay as { directory: string };
  const bin = join(directory, place, "bin");
  for (const script of [
    "lava-send",
    "lava-sync",
    "lava-wait",
    "lava-wait-all",
    "lava-wait-for-vms",
    "lava-start-vms",
  ]) {
    const file = join(bin, script);
    // Not the place on the board: that one is shared here.
    const text = readFileSync(file, "utf8").replaceAll(`${place}/bin`, bin).replaceAll(CACHE, join(place, "cache"));
    writeFileSync(file, text);
  }
  mkdirSync(place, { recursive: true });
  return bin;
}

/** All calls, one after the other in one process, in one folder: each is a script that the shell runs with -e. */
async function runAll(shell: string, bin: string, place: string): Promise<(Required<Outcome> & { err: string })[]> {
  for (const below of ["out.d", "results"]) mkdirSync(join(place, below), { recursive: true });
  for (const [name, [text, mode]] of Object.entries(FILES)) {
    writeFileSync(join(place, name), text);
    if (mode) chmodSync(join(place, name), mode);
  }
  calls.forEach(({ call }, index) => {
    writeFileSync(join(place, `${index}.sh`), `${call.replaceAll(CACHE, join(place, "cache"))}\n`);
  });
  const driver = `
    index=0
    while [ $index -lt ${calls.length} ]; do
      rm -f cache
      ${shell} -e $index.sh > $index.out 2> $index.err < /dev/null
      echo "code $?" >> $index.out
      index=$((index + 1))
    done`;
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    SHELL: shell,
    LC_ALL: "C.UTF-8",
    LAVA_RESULT_DIR: join(place, "results"),
  };
  const child = spawn("/bin/sh", ["-c", driver], { cwd: place, env, stdio: "ignore", detached: true });
  await new Promise((resolve) => child.once("close", resolve));
  try {
    process.kill(-child.pid!); // what a call left running
  } catch {}
  return calls.map((_, index) => {
    const [, text = "", code] = /^([\s\S]*)code (\d+)\n$/.exec(readFileSync(join(place, `${index}.out`), "utf8"))!;
    return { out: text.split("\n"), code: Number(code), err: readFileSync(join(place, `${index}.err`), "utf8") };
  });
}

describe.each(targetShells(folder))("under $name", ({ name, path: shell }) => {
  it(`${calls.length} calls do what LAVA's do`, { timeout: 300_000 }, async () => {
    const place = join(folder, `calls-${name.replace(/\W/g, "-")}`);
    const done = await runAll(shell, await helpers(place, shell), place);
    const differences = calls.flatMap((call, index) => {
      const own = name === "dash" ? call.dash : name === "busybox ash" ? call.ash : undefined;
      const { out = [], code = 0 } = call.ours ?? own ?? call;
      const { out: lines, code: got, err } = done[index]!;
      let told = lines.filter((line) => !WORDS.test(line));
      const end = ["<LAVA_SIGNAL_ENDTC id>", "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=id RESULT=fail>"];
      const failed = !call.cut || out.includes(end[0]!) || end.every((line) => told.includes(line));
      if (call.cut && !out.includes(end[0]!)) told = told.filter((line) => !end.includes(line));
      const same = JSON.stringify(told) === JSON.stringify(out) && got === code && failed;
      return same ? [] : [{ call: call.call, expected: { out, code }, told, got, failed, err }];
    });
    expect(differences).toEqual([]);
  });
});

// The package as npm makes it, installed for a user who has nothing else: an empty prefix, an empty home.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noGuest } from "../support/guest-images.js";
import { freePort, inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
const home = join(folder, "home");
const prefix = join(folder, "prefix");
const installed = join(prefix, "lib/node_modules/lava-dispatch");
const state = join(home, ".cache/lava-dispatch");
const missing = noGuest("amd64") ?? noGuest("arm64");
afterAll(() => removeWorkspace(folder));

function run(program: string, words: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd: home,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  return { code: status, stdout, text: `${stdout}${stderr}${error ?? ""}` };
}

/** What npm is told of this machine (registry, cache, certificates) stays; all else is the new user's. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const config = (key: string) => run("npm", ["config", "get", key], { cwd: inRoot() }).stdout.trim();
  const headers = join(homedir(), ".cache/node-gyp");
  return {
    ...process.env,
    HOME: home,
    XDG_CACHE_HOME: undefined,
    npm_config_cache: config("cache"),
    npm_config_userconfig: config("userconfig"),
    npm_config_globalconfig: config("globalconfig"),
    npm_config_prefix: prefix,
    ...(existsSync(headers) && { npm_config_devdir: headers }),
  };
}

interface Packed {
  filename: string;
  size: number;
  files: { path: string; mode: number }[];
}
let packed: Packed;

/** The installed program, found by its name. */
const lavaDispatch = (...words: string[]) =>
  run("lava-dispatch", words, {
    env: {
      ...process.env,
      HOME: home,
      XDG_CACHE_HOME: undefined,
      NO_COLOR: "1",
      PATH: `${prefix}/bin:${process.env.PATH}`,
    },
  });
const verdictOf = (output: string) => JSON.parse(readFileSync(join(output, "results.json"), "utf8")).verdict;

beforeAll(() => {
  mkdirSync(home);
  const env = npmEnvironment();
  // `npm test` has built it.
  const pack = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: inRoot(), env });
  expect(pack.code, pack.text).toBe(0);
  [packed] = JSON.parse(pack.stdout);
  const scripts = "--allow-scripts=node-pty,@serialport/bindings-cpp";
  const words = ["install", "--global", "--prefer-offline", scripts, join(folder, packed.filename)];
  const install = run("npm", words, { env });
  expect(install.code, install.text).toBe(0);
});

describe("the package", () => {
  test("holds what a user needs, and nothing of the machine that built it", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      ...["LICENSE", "NOTICE", "README.md", "dist/THIRD-PARTY.txt", "dist/lava-dispatch.js", "dist/lava-run.js"],
      ...["scripts/board", "scripts/demo.mjs", "device-configs/devices/qemu-x86_64.yaml", "jobs/uboot-arm64.yaml"],
      ...["src/services/target-scripts/lava-test-case.sh", "src/device/python/render.py", "dist/visualizer/index.html"],
    ])
      expect(paths).toContain(path);
    expect(
      paths.filter((path) =>
        /\.(cache|map|stamp)$|node_modules|\.images|^(src(?!\/(services\/target-scripts|device\/python))|bench)\//.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(packed.size).toBeLessThan(4 << 20);
    const texts = paths.filter((path) => path.startsWith("dist/") && path.endsWith(".js"));
    for (const path of texts) expect(readFileSync(join(installed, path), "latin1"), path).not.toContain(inRoot());
  });
  test("brings the terms of everything that is bundled", () => {
    const terms = readFileSync(join(installed, "dist/THIRD-PARTY.txt"), "utf8");
    for (const name of ["xstate", "yaml", "rxjs", "commander", "react-dom", "elkjs"])
      expect(terms).toMatch(new RegExp(`^${name} \\d`, "m"));
  });
  test("installs only packages that are not bundled", () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(Object.keys(dependencies)).toEqual(["elkjs", "node-pty", "serialport"]);
    for (const name of Object.keys(dependencies)) expect(existsSync(join(installed, "node_modules", name))).toBe(true);
  });
});

describe("installed", () => {
  test("both programs are there by their names, and find their native parts", () => {
    const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    expect(lavaDispatch("--version").text).toBe(`${version}\n`);
    expect(run(join(prefix, "bin/lava-run"), ["--version"]).text).toBe(`${version}\n`);
    const { text } = lavaDispatch("doctor");
    expect(text).toContain("node-pty loads");
    expect(text).toContain("serialport loads");
  });
  test("the tools that a user's tests import are there", () => {
    const file = join(installed, "imports.mjs");
    writeFileSync(file, 'console.log(typeof (await import("lava-dispatch/testing")).replay);\n');
    expect(run(process.execPath, [file]).text).toBe("function\n");
  });
  test("the recorded demo needs nothing else, and writes nothing into the package", () => {
    const before = readdirSync(installed).sort();
    const { code, text } = lavaDispatch("demo", "--recorded");
    expect(code, text).toBe(0);
    expect(verdictOf(join(state, "out/demo")).class).toBe("pass");
    expect(text).toContain("$ lava-dispatch visualize .cache/lava-dispatch/out/demo");
    expect(readdirSync(installed).sort()).toEqual(before);
  });
  test("a built-in job says how to make the images that it needs", () => {
    const { code, text } = lavaDispatch("validate", "--device", "qemu-x86_64", "qemu-x86_64");
    expect(code).toBe(2);
    expect(text).toContain(`'${state}/.images/amd64/kernel' cannot be read`);
    expect(text).toContain("made by `lava-dispatch setup`");
  });
});

describe.skipIf(missing)(`with guest images${missing ? `: ${missing}` : ""}`, () => {
  beforeAll(() => {
    mkdirSync(state, { recursive: true });
    symlinkSync(inRoot(".images"), join(state, ".images"));
  });
  test("a built-in job runs on a built-in QEMU machine, and the visualizer makes one file of it", () => {
    const run = lavaDispatch("run", "--device", "qemu-x86_64", "--output-dir", "out", "qemu-x86_64");
    expect(run.code, run.text).toBe(0);
    expect(run.text).toContain("PASSED");
    expect(verdictOf(join(home, "out")).class).toBe("pass");
    const page = lavaDispatch("visualize", "--html", "run.html", "out");
    expect(page.code, page.text).toBe(0);
    const html = readFileSync(join(home, "run.html"), "utf8");
    // Not `toContain`: it would print the whole page.
    for (const part of ["view", "layout", "journal", "console", "log"])
      expect(html.includes(`id="embedded-${part}"`), part).toBe(true);
    expect(/<(script|link)[^>]+(src|href)="(?!data:)[^"]*"/.exec(html)).toBeNull();
  });
  test("the demo's board starts, runs its job and stops", async () => {
    const port = String(await freePort());
    const socket = join(folder, "board.qmp");
    const board = (...words: string[]) => lavaDispatch("board", ...words, "--socket", socket);
    expect(board("start", "--port", port).text).toContain(`console: telnet 127.0.0.1 ${port}`);
    try {
      const set = [`console_port=${port}`, `power_socket=${socket}`].flatMap((pair) => ["--set", pair]);
      const words = [
        "--dispatcher",
        "dispatcher-emulated",
        "--tftp-root",
        join(state, "tftp"),
        "--output-dir",
        "board",
      ];
      const { code, text } = lavaDispatch("run", "--device", "qemu-arm64-uboot", ...set, ...words, "uboot-arm64");
      expect(code, text).toBe(0);
      expect(board("status").text).toBe("off\n");
    } finally {
      expect(board("stop").text).toBe("Board stopped\n");
    }
  });
});

// Bundles src/cli into dist/: one script for both executables, its compiled form beside it, so that a command starts in
// little more time than Node itself. What a command does not need is in the bundle, but is not run.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? join(root, "dist");
/** Made beside the target and put in its place when whole: a job that starts meanwhile finds the old one or the new one. */
const dist = `${target}.${process.pid}`;
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Native modules stay where npm put them. */
const EXTERNAL = ["serialport", "node-pty"];

/** Large JSON is parsed when it is asked for: faster than the same thing as JavaScript. */
const jsonAsText = {
  name: "json-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, ({ path }) => {
      const text = JSON.stringify(JSON.parse(readFileSync(path, "utf8")));
      return { contents: `export default JSON.parse(${JSON.stringify(text)})`, loader: "js" };
    });
  },
};

/** Packages that sources load when they need them are bundled like all others. */
const lateRequires = {
  name: "late-requires",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      return {
        contents: text.replace(/createRequire\(import\.meta\.url\)\(("[^"]+")\)/g, "require($1)"),
        loader: "ts",
      };
    });
  },
};

/** Executables: they run the bundle from V8's compiled form when there is one for this Node, and make it when not. */
const launcher = (name) => `#!/usr/bin/env node
"use strict";
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");
const filename = __dirname + "/cli.js";
const cacheFile = __dirname + "/cli." + process.versions.v8 + "-" + process.arch + ".cache";
let cachedData;
try {
  cachedData = readFileSync(cacheFile);
} catch {}
// Fewer, larger steps of the young heap: a start makes much and keeps little.
setFlagsFromString("--semi-space-growth-factor=8");
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
if (!cachedData)
  process.on("exit", () => {
    try {
      const part = cacheFile + "." + process.pid;
      writeFileSync(part, script.createCachedData());
      renameSync(part, cacheFile);
    } catch {
      // The folder may not be written to: the next start is no faster.
    }
  });
const module_ = { exports: {} };
script.runInThisContext()(require, module_, module_.exports, filename, __dirname);
module_.exports.main(${JSON.stringify(name)});
`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outdir: dist,
  write: false,
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  charset: "ascii",
  external: EXTERNAL,
  plugins: [jsonAsText, lateRequires],
  minifyWhitespace: true,
  minifySyntax: true,
  // Classes keep their names: errors are told by them.
  minifyIdentifiers: false,
  supported: { "dynamic-import": false },
  define: { LAVA_DISPATCH_VERSION: JSON.stringify(version), "import.meta.url": "importMetaUrl" },
  legalComments: "none",
  logLevel: "warning",
});
const prologue = 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;';
const code = outputFiles[0].text;
writeFileSync(join(dist, "cli.js"), `(function(require,module,exports,__filename,__dirname){${prologue}${code}\n})`);
// The package's files are ES modules; what is made here is not.
writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
for (const name of ["lava-dispatch", "lava-run"]) {
  writeFileSync(join(dist, `${name}.js`), launcher(name));
  chmodSync(join(dist, `${name}.js`), 0o755);
}

// Functions that a usual run has compiled go into the compiled form: the more, the less is left to do at a start.
const warm = spawnSync(process.execPath, [join(dist, "lava-dispatch.js"), ...warmUp()], {
  cwd: root,
  encoding: "utf8",
});
if (warm.status === null || warm.status === 5 || !readdirSync(dist).some((name) => name.endsWith(".cache"))) {
  console.error(`The bundle does not start:\n${warm.stdout}${warm.stderr}`);
  process.exitCode = 1;
}
if (process.exitCode) rmSync(dist, { recursive: true, force: true });
else {
  const old = `${dist}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(dist, target);
  rmSync(old, { recursive: true, force: true });
}

function warmUp() {
  return ["validate", "--offline", "--device", "device-configs/devices/qemu-x86_64.yaml", "jobs/qemu-x86_64.yaml"];
}

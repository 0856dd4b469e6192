// Bundles src/cli into dist/: two executables, and the code in pieces that are loaded when a command needs them. Beside
// each piece lies its compiled form, so that a command starts in little more time than Node itself.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { buildTesting } from "./build-testing.mjs";
import { buildVisualizer, PAGE } from "./build-visualizer.mjs";
import { plainRequire } from "./lib/plain-require.mjs";
import { importedFolders, packageFolders, thirdPartyText } from "./lib/third-party.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? join(root, "dist");
/** Made beside the target and put in its place when whole: a job that starts meanwhile finds the old one or the new one. */
const dist = `${target}.${process.pid}`;
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Native modules stay where npm put them. */
const EXTERNAL = ["serialport", "node-pty"];

/** Packages that would choose CommonJS for Node; as ES modules only what is used of them is bundled. */
const MODULES = {
  yaml: join(root, "node_modules/yaml/browser/dist/index.js"),
  rxjs: join(root, "node_modules/rxjs/dist/esm/index.js"),
  xstate: join(root, "node_modules/xstate/dist/xstate.esm.js"),
};

/** The schemas for editors: files under their own names, which settings can name. */
const PUBLISHED = ".schema.json";

/** JSON without blanks and in ASCII: read as latin1, it is not decoded. */
const asciiJson = (path) =>
  JSON.stringify(JSON.parse(readFileSync(path, "utf8"))).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Large JSON becomes a file of its own, read when it is asked for: in a piece it would be carried twice, as text and compiled. */
const jsonAsFile = {
  name: "json-as-file",
  setup({ onLoad }) {
    onLoad({ filter: /\.json$/ }, ({ path }) => {
      const text = asciiJson(path);
      const isPublished = path.endsWith(PUBLISHED);
      if (text.length < 16 * 1024 && !isPublished) return { contents: text, loader: "json" };
      const name = isPublished ? basename(path) : `data-${basename(dirname(path))}-${basename(path)}`;
      mkdirSync(dist, { recursive: true });
      writeFileSync(join(dist, name), text);
      const read = `JSON.parse(require("node:fs").readFileSync(distFolder + ${JSON.stringify(`/${name}`)}, "latin1"))`;
      return { contents: `module.exports = ${read}`, loader: "js" };
    });
  },
};

/** Packages that sources load only when they need them: a piece each. */
const LATE = ["handlebars", "handlebars/runtime.js", "ajv"];
const lateName = (name) => `late-${name.replace(/\W/g, "-")}.js`;
const latePackages = {
  name: "late-packages",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${LATE.join("|")})$`) }, ({ path }) => ({
      path: `./${lateName(path)}`,
      external: true,
    }));
  },
};

/** What the sources load themselves, in the middle of their work, from a file that was made: a piece each. */
const latePieces = new Set();
const lateFiles = {
  name: "late-files",
  setup({ onResolve }) {
    onResolve({ filter: /\.cjs$/ }, ({ path, resolveDir }) => {
      latePieces.add(join(resolveDir, path));
      return { path: pieceOf(path), external: true };
    });
  },
};
const pieceOf = (path) => `./late-${basename(path, ".cjs")}.js`;

/** commander starts other programs only for commands of a kind that is not used here: child_process is loaded when it is. */
const lateChildProcess = {
  name: "late-child-process",
  setup({ onLoad }) {
    onLoad({ filter: /\/commander\/lib\/command\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const late = "{ get spawn() { return require('node:child_process').spawn; } }";
      return { contents: text.replace("require('node:child_process')", late), loader: "js" };
    });
  },
};

/** What both steps have in common. Identifiers stay: errors are told by the names of their classes. */
const common = {
  target: "node20.19",
  charset: "ascii",
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: false,
  legalComments: "none",
  logLevel: "warning",
};

/**
 * Pieces that every command needs, and those that most need, are a file each: to open them one by one takes longer than to
 * read them. What renders our own devices is not among them: LAVA's are rendered.
 */
const JOINED = { start: "start.js", usual: "usual.js" };
const RENDERS = /^late-(handlebars|templates)/;

/**
 * What a shell does of an executable before Node runs the same file: it keeps Node 20 from reading certificates that most
 * commands do not need, which would take it longer than all else (src/base/http-client.ts reads them when they are needed).
 */
const START =
  '[ -z "$NODE_EXTRA_CA_CERTS" ] || [ -n "$NODE_OPTIONS" ] || { export LAVA_DISPATCH_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS"; unset NODE_EXTRA_CA_CERTS; }; exec node "$0" "$@"';

/**
 * An executable. It runs each piece from V8's compiled form where there is one for this Node, and makes it where not:
 * beside the piece, or, where this user may not write (an installed package), in a folder of the user's own. V8 trusts
 * what it reads there, so that folder must be nobody else's; it goes by the build, as V8 tells only lengths apart.
 * Pieces are ASCII: read as latin1, the text is not copied. Most commands are over before it pays to optimize their code:
 * Node 20 is told to wait longer with that (`validate` gains by it, a long replay loses little), later ones do by themselves.
 */
const launcher = (name, joined, build) => `#!/bin/sh
":" //; ${START}
"use strict";
if (process.version.startsWith("v20.")) require("node:v8").setFlagsFromString("--interrupt-budget=220000");
const { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const suffix = "." + process.versions.v8 + "-" + process.arch + ".cache";
const joined = new Map(${JSON.stringify(joined)});
const opened = new Map();
const loaded = new Map();
const uncompiled = [];
let own;
function ownFolder() {
  if (own !== undefined) return own;
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  const base = cache && cache.startsWith("/") ? cache : home && home.startsWith("/") ? home + "/.cache" : "";
  own = base && base + "/lava-dispatch/compiled-${build}";
  return own;
}
function isMine(folder) {
  try {
    const { uid, mode } = lstatSync(folder);
    return uid === process.getuid() && (mode & 0o40022) === 0o40000;
  } catch {
    return false;
  }
}
let mine;
function compiledForm(file) {
  try {
    return readFileSync(__dirname + "/" + file + suffix);
  } catch {}
  const folder = ownFolder();
  mine ??= folder !== "" && isMine(folder);
  if (!mine) return undefined;
  try {
    return readFileSync(folder + "/" + file + suffix);
  } catch {}
}
function open(file) {
  if (opened.has(file)) return opened.get(file);
  const filename = __dirname + "/" + file;
  const cachedData = compiledForm(file);
  const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
  if (!cachedData) uncompiled.push({ file, script });
  const pieces = script.runInThisContext();
  opened.set(file, pieces);
  return pieces;
}
function load(name) {
  const known = loaded.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const file = name.slice(2);
  const piece = joined.has(file) ? open(joined.get(file))[file] : open(file);
  piece(loadAny, module, module.exports, __dirname + "/" + file, __dirname);
  return module.exports;
}
const loadAny = (name) => (name.startsWith("./") ? load(name) : require(name));
function keep(folder, file, bytes) {
  const path = folder + "/" + file + suffix;
  try {
    writeFileSync(path + "." + process.pid, bytes);
    renameSync(path + "." + process.pid, path);
    return true;
  } catch {
    return false;
  }
}
process.on("exit", () => {
  for (const { file, script } of uncompiled) {
    // What the shortest commands compile of it would be too little for the others.
    if (joined.size > 0 && file === "start.js" && !opened.has("usual.js")) continue;
    const bytes = script.createCachedData();
    if (keep(__dirname, file, bytes)) continue;
    const folder = ownFolder();
    if (!folder) continue;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {}
    // Where neither can be written to, the next start is no faster.
    if (isMine(folder)) keep(folder, file, bytes);
  }
});
load("./main.js").main(${JSON.stringify(name)});
`;

/** Files that went into the bundles. */
const bundled = [];
const { outputFiles, metafile } = await build({
  ...common,
  metafile: true,
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outdir: dist,
  write: false,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  chunkNames: "part-[name]-[hash]",
  external: EXTERNAL,
  alias: MODULES,
  plugins: [jsonAsFile, latePackages, lateFiles, plainRequire, lateChildProcess],
  define: {
    LAVA_DISPATCH_VERSION: JSON.stringify(version),
    "import.meta.url": "importMetaUrl",
    distFolder: "__dirname",
  },
});
bundled.push(...Object.keys(metafile.inputs));
mkdirSync(dist, { recursive: true });
await buildVisualizer();
cpSync(PAGE, join(dist, "visualizer"), { recursive: true });
for (const { path, text } of outputFiles) {
  const { code } = await transform(text, { ...common, format: "cjs", supported: { "dynamic-import": false } });
  writePiece(basename(path), code);
}
for (const path of latePieces) {
  const { code } = await transform(readFileSync(path, "utf8"), { ...common, format: "cjs" });
  writePiece(pieceOf(path), code);
}
for (const name of LATE) {
  const { outputFiles: late, metafile } = await build({
    ...common,
    metafile: true,
    absWorkingDir: root,
    stdin: { contents: `module.exports = require(${JSON.stringify(name)})`, resolveDir: root },
    write: false,
    bundle: true,
    platform: "node",
    format: "cjs",
  });
  bundled.push(...Object.keys(metafile.inputs));
  writePiece(lateName(name), late[0].text);
}
await buildTesting(root, dist, { ...common, external: EXTERNAL });
const folders = packageFolders(bundled).map((folder) => join(root, folder));
writeFileSync(join(dist, "THIRD-PARTY.txt"), thirdPartyText([...folders, ...importedFolders(root, "visualizer/src")]));

/**
 * What a piece imports is loaded when it is first used: no command needs all that its pieces could need. (Modules here
 * only declare; when they are evaluated makes no difference.)
 */
function withLateImports(code) {
  const names = [];
  const declared = code.replace(/\b(import_\w+)=((?:__toESM\()?require\("[^"]+"\)\)?)/g, (_, name, load) => {
    names.push(name);
    return `late_${name}=$late(()=>${load})`;
  });
  if (names.length === 0) return code;
  const late = "const $late=load=>{let loaded;return()=>loaded??=load()};";
  return (
    late + declared.replace(/(?<!late_)\bimport_\w+/g, (name) => (names.includes(name) ? `(late_${name}())` : name))
  );
}

/** A piece is a function of what Node gives to a module. */
function writePiece(name, whole) {
  const code = withLateImports(whole);
  const url = code.includes("importMetaUrl")
    ? 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;'
    : "";
  writeFileSync(join(dist, name), `(function(require,module,exports,__filename,__dirname){${url}${code}\n})`);
}
// The package's files are ES modules; what is made here is not.
writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
const DEVICE = "device-configs/devices/qemu-x86_64.yaml";
const JOB = "jobs/qemu-x86_64.yaml";
const VALIDATE = ["validate", "--device", DEVICE, JOB];
writeLaunchers([]);
tryRun("--version");
const start = compiledPieces();
tryRun(...VALIDATE);
const usual = compiledPieces().filter((name) => !start.includes(name) && !RENDERS.test(name));
joinPieces({ start, usual });
// Functions that these runs compile go into the compiled form: the first that loads a file makes it.
for (const command of ["validate", "describe", "explain"]) tryRun(command, ...VALIDATE.slice(1));

function writeLaunchers(joined) {
  const hash = createHash("sha256");
  for (const file of readdirSync(dist)
    .filter((name) => /^(late|part|start|usual)\b.*\.js$/.test(name))
    .sort())
    hash.update(`${file}\0`).update(readFileSync(join(dist, file)));
  const build = hash.digest("hex").slice(0, 16);
  for (const name of ["lava-dispatch", "lava-run"]) {
    writeFileSync(join(dist, `${name}.js`), launcher(name, joined, build));
    chmodSync(join(dist, `${name}.js`), 0o755);
  }
}

function tryRun(...words) {
  const program = join(dist, "lava-dispatch.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { cwd: root, encoding: "utf8" });
  if (status === null || status === 5)
    console.error(`lava-dispatch ${words.join(" ")} does not work:\n${stdout}${stderr}`);
}

function compiledForms() {
  return readdirSync(dist).filter((name) => name.endsWith(".cache"));
}

/** Those that were loaded: each left its compiled form. */
function compiledPieces() {
  return compiledForms().map((name) => name.slice(0, name.indexOf(".js.") + ".js".length));
}

/** @param {{ [group: string]: string[] }} groups pieces, by the file that they become */
function joinPieces(groups) {
  const joined = Object.entries(groups).flatMap(([group, names]) => names.map((name) => [name, JOINED[group]]));
  for (const [group, names] of Object.entries(groups)) {
    const texts = names.map((name) => `"${name}":${readFileSync(join(dist, name), "latin1")}`);
    writeFileSync(join(dist, JOINED[group]), `({${texts.join(",\n")}})`, "latin1");
  }
  for (const name of [...joined.map(([piece]) => piece), ...compiledForms()]) rmSync(join(dist, name));
  writeLaunchers(joined);
}

if (compiledForms().length === 0) console.error("No compiled form could be made.");
const old = `${dist}.old`;
if (existsSync(target)) renameSync(target, old);
renameSync(dist, target);
rmSync(old, { recursive: true, force: true });

/** No word of a job becomes a path of the worker without proof that it stays where it belongs. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { readDownloadInput } from "../../src/services/download/local-file.js";
import { fileDownload } from "../../src/services/file-download.js";
import { downloadsOf, nameInside } from "../../src/services/files/name-inside.js";
import { preDownloaded } from "../../src/services/pre-downloaded.js";
import { testContext } from "./service-context.js";

const UPWARDS = ["../../../../home/x", "..", ".", "", "a/b", "/etc", "a\0b"];

it.each(UPWARDS)("the namespace %j names no folder", (namespace) => {
  expect(() => downloadsOf({ work: "/work" }, namespace)).toThrow("must be a plain name");
  expect(() => nameInside("/work", namespace, "A name")).toThrow("A name must be a plain name");
});

it.each(["dut", "host.1", "A_b-c"])("the namespace %j does", (namespace) => {
  expect(downloadsOf({ work: "/work" }, namespace)).toBe(`/work/downloads/${namespace}`);
});

it("a download writes nothing and reads nothing outside of the scratch folder, whatever its namespace", async () => {
  const context = testContext();
  context.action.namespace = "../../job";
  for (const [service, url] of [
    [fileDownload, `file://${import.meta.filename}`],
    [preDownloaded, "downloads://secret"],
  ] as const)
    await expect(context.use(service, { url, key: "image", uniquify: false })).rejects.toThrow("must be a plain name");
  await context.cleanup();
});

it.each([...UPWARDS.filter((key) => key !== "")])("a download is not called %j", (key) => {
  expect(() => readDownloadInput({ url: "http://x/y", key }, { device: {} })).toThrow("must be a plain name");
});

/** Words that need no look: constants, levels, the base name of something, what was proved, folders of the job. */
const PROVED =
  /^(?:"[^"]*"|`(?:[^`$]|\$\{(?:context\.)?action\.level\})*`|[A-Z_]+|(?:base|dir)name\([^()]*\)|insidePath\(.*\)|(?:context\.)?(?:action\.level|jobId)|(?:context\.)?paths\.\w+)$/;

/**
 * All others, each with the reason why it leads nowhere else. A new one is written here after it was looked at; a word of
 * a job goes through `insidePath` or `nameInside` instead.
 */
const LOOKED_AT: { [file: string]: { [word: string]: string } } = {
  "adb-overlay.ts": { folder: "of the results folder, which overlay-directory made absolute and normal" },
  "archive-overlay.ts": { inside: "went through insidePath", "entry.name": "an entry of a folder" },
  "bootloader-substitute.ts": {
    path: "a folder of mkdtemp and a name of machines/",
    script: "beside a deployed kernel",
  },
  "check-absent.ts": { name: "went through insidePath" },
  "copy-files.ts": {
    "entry.name": "an entry of a folder",
    path: "entries of a folder",
    name: "an entry of a folder",
    file: "an entry of a folder",
    below: "went through insidePath",
    own: "a base name",
  },
  "devices/usb-devices.ts": {
    name: "an entry of /sys",
    line: "an entry of /sys",
    entry: "an entry of /sys",
    "three(bus_)": "a number",
    "three(number)": "a number",
    'Buffer.from(linkName(match.label ?? ""), "latin1").toString()': "udev's own escapes: no slash",
    'path.slice("/dev/".length)': "a node of /dev that the device names",
  },
  "file-download.ts": { raw: "a URL that names a file of the worker" },
  "files/name-inside.ts": { name: "the proof itself" },
  "files/room.ts": { name: "an entry of a folder" },
  "files/unzip.ts": { "entry.name": "an entry of a folder" },
  "files/write-inside.ts": { name: "of a path; its real path is compared with the root's" },
  "flash-commands.ts": { program: "the device's own command" },
  "git-clone.ts": { path: "a repository of the worker that the job names" },
  "guest-overlay.ts": { name: "made of the level" },
  "http-server.ts": {
    "jobFolderName(context)": "the administrator's prefix and the checked id",
    plain: "its real path is compared with the root's",
  },
  "iso-extract.ts": { "`${action.level}-${name}-${basename(path)}`": "name is an input of machines/" },
  "kernel-prepare.ts": { "`${basename(kernel)}-dtb`": "a base name" },
  "multinode-overlay.ts": { name: "a script of ours" },
  "overlay-directory.ts": { folder: "one of three", "script.name": "a script of ours" },
  "overlay/layout.ts": { "overlay.results_dir": "checked where it is made", "...below": "numbers and a checked name" },
  "overlay/scripts.ts": { file: "an entry of a folder", distro: "letters, digits, _ and - only" },
  "overlay/target-root.ts": {
    path: "came out of resolveInside",
    last: "came out of resolveInside",
    "resolveInside(name, this.#linkAt, true)": "the proof itself",
    "resolveInside(target, this.#linkAt, false)": "the proof itself",
  },
  "overlay/tree.ts": { below: "entries of a folder" },
  "pre-downloaded.ts": { path: "its real path is compared with the root's" },
  "programs.ts": { name: "the name of a program, without a slash or from the device" },
  "ramdisk-compress.ts": {
    'optionalText(input, "suffix") ?? jobFolderName(context)': "a folder of mkdtemp",
    name: "one of two names",
    "`${name}.new`": "one of two names",
  },
  "ssh-authorize.ts": {
    given: "a file that the device names",
    name: "a name of ours",
    "`${name}.pub`": "a name of ours",
  },
  "ssh/ssh-target.ts": { key: "a file that the device names" },
  "test-definition-bzr.ts": { repository: "a branch of the worker that the job names" },
  "test-definition-inline.ts": { path: "went through insidePath" },
  "test-install.ts": { into: "went through insidePath" },
  "test-runner-conf.ts": { "String(stage)": "a number" },
  "test-service.ts": { project: "letters, digits, _ and - only", path: "went through insidePath" },
  "tftp-directory.ts": {
    "jobFolderName(context)": "the administrator's prefix and the checked id",
    'text(input, "prefix").replaceAll("/", "-")': "no slash is left, and mkdtemp adds to it",
  },
  "write-text.ts": { name: "compared with its base name" },
};

/** The arguments of a call, from its opening bracket on. */
function argumentsOf(text: string, from: number): string[] {
  const words: string[] = [];
  let depth = 0;
  let word = "";
  for (let at = from; at < text.length; at++) {
    const char = text[at] as string;
    if ("([{".includes(char)) depth++;
    if (")]}".includes(char) && --depth === 0) return [...words, word.trim()].filter((each) => each !== "");
    if (char === "," && depth === 1) {
      words.push(word.trim());
      word = "";
    } else if (depth > 1 || (depth === 1 && char !== "(")) word += char;
    else if (depth === 1 && word !== "") word += char;
  }
  return words;
}

it("every other join of paths was looked at", () => {
  const root = join(import.meta.dirname, "../../src/services");
  const found: { [file: string]: string[] } = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const text = entry.name.endsWith(".ts") ? readFileSync(path, "utf8") : "";
    if (!text.includes('from "node:path"')) continue;
    for (const call of text.matchAll(/(?<![.\w])(?:join|resolve)\(/g)) {
      const [, ...words] = argumentsOf(text, call.index + call[0].length - 1);
      const open = words.filter((word) => !PROVED.test(word));
      const file = relative(root, path);
      if (open.length > 0) found[file] = [...(found[file] ?? []), ...open];
    }
  }
  const known = Object.fromEntries(Object.entries(LOOKED_AT).map(([file, words]) => [file, Object.keys(words).sort()]));
  expect(Object.fromEntries(Object.entries(found).map(([file, words]) => [file, [...new Set(words)].sort()]))).toEqual(
    known,
  );
});

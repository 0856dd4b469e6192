/** Archives never escape: whatever stands in a tarball or in the folder that it goes to. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Header, type HeaderData } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveInside } from "../../src/services/overlay/safe-files.js";
import { untar } from "../../src/services/overlay/untar.js";

let folder: string;
let into: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "untar-"));
  into = join(folder, "root");
  mkdirSync(into);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Part = HeaderData & { content?: string };
/** A tar archive with headers as they come; nothing is corrected. */
function tarball(parts: Part[]): Buffer {
  const blocks = parts.flatMap(({ content = "", ...header }) => {
    const block = Buffer.alloc(512);
    new Header({
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: content.length,
      mtime: new Date(0),
      type: "File",
      ...header,
    }).encode(block, 0);
    return [block, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const unpack = (parts: Part[] | Buffer, more: object = {}) =>
  untar(inPieces(Array.isArray(parts) ? tarball(parts) : parts), into, {
    signal: new AbortController().signal,
    what: "It",
    ...more,
  });

describe("what it unpacks", () => {
  it("is the tree that tar packed: contents, modes, times, links of both kinds, absolute targets as they are", async () => {
    const from = join(folder, "from");
    mkdirSync(join(from, "usr/bin"), { recursive: true });
    writeFileSync(join(from, "usr/bin/su"), "x".repeat(100_000), { mode: 0o644 });
    execFileSync("chmod", ["4755", join(from, "usr/bin/su")]);
    execFileSync("ln", [join(from, "usr/bin/su"), join(from, "usr/bin/same")]);
    symlinkSync("/usr/bin/su", join(from, "absolute"));
    symlinkSync("../../outside/of/the/root", join(from, "usr/up"));
    mkdirSync(join(from, "closed"));
    writeFileSync(join(from, "closed/file"), "in a closed folder");
    execFileSync("chmod", ["0555", join(from, "closed")]);
    const report = await unpack(execFileSync("tar", ["-cC", from, "."], { maxBuffer: 2 ** 24 }), { owners: true });
    expect(report.skipped).toEqual([]);
    expect(statSync(join(into, "usr/bin/su")).mode & 0o7777).toBe(0o4755);
    expect(statSync(join(into, "usr/bin/su")).ino).toBe(statSync(join(into, "usr/bin/same")).ino);
    expect(readFileSync(join(into, "usr/bin/su"), "utf8")).toHaveLength(100_000);
    expect(readlinkSync(join(into, "absolute"))).toBe("/usr/bin/su");
    expect(readlinkSync(join(into, "usr/up"))).toBe("../../outside/of/the/root");
    expect(statSync(join(into, "closed")).mode & 0o777).toBe(0o555);
    expect(readFileSync(join(into, "closed/file"), "utf8")).toBe("in a closed folder");
    execFileSync("chmod", ["-R", "u+w", folder]);
  });

  it("goes through a link that is already there, inside the root: lib of a merged /usr", async () => {
    mkdirSync(join(into, "usr/lib"), { recursive: true });
    symlinkSync("usr/lib", join(into, "lib"));
    symlinkSync("/usr", join(into, "abs"));
    await unpack([
      { path: "lib/", type: "Directory", mode: 0o755 },
      { path: "lib/modules/6.1/a.ko", content: "module" },
      { path: "abs/lib/b", content: "b" },
    ]);
    expect(readFileSync(join(into, "usr/lib/modules/6.1/a.ko"), "utf8")).toBe("module");
    expect(readFileSync(join(into, "usr/lib/b"), "utf8")).toBe("b");
    expect(lstatSync(join(into, "lib")).isSymbolicLink()).toBe(true);
  });

  it("leaves a folder that is there its permissions, and replaces files and links", async () => {
    mkdirSync(join(into, "root"), { mode: 0o700 });
    writeFileSync(join(into, "file"), "old and longer");
    writeFileSync(join(folder, "outside"), "untouched");
    symlinkSync(join(folder, "outside"), join(into, "link"));
    await unpack([
      { path: "root/", type: "Directory", mode: 0o755 },
      { path: "file", content: "new" },
      { path: "link", content: "in place of the link" },
    ]);
    expect(statSync(join(into, "root")).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(into, "file"), "utf8")).toBe("new");
    expect(readFileSync(join(into, "link"), "utf8")).toBe("in place of the link");
    expect(readFileSync(join(folder, "outside"), "utf8")).toBe("untouched");
  });

  it("leaves out device nodes and pipes, and says which", async () => {
    const report = await unpack([
      { path: "dev/null", type: "CharacterDevice", devmaj: 1, devmin: 3 },
      { path: "dev/pipe", type: "FIFO" },
      { path: "after", content: "x" },
    ]);
    expect(report.skipped).toEqual(["dev/null", "dev/pipe"]);
    expect(existsSync(join(into, "after"))).toBe(true);
  });
});

describe("what it refuses", () => {
  it.each([["../outside"], ["a/../../outside"], ["/../outside"]])("a name that leads upwards: %s", async (path) => {
    await expect(unpack([{ path, content: "x" }])).rejects.toMatchObject({
      name: "JobError",
      message: /leads upwards/,
    });
    expect(existsSync(join(folder, "outside"))).toBe(false);
  });

  it("takes an absolute name as one inside", async () => {
    await unpack([{ path: `${folder}/outside`, content: "x" }]);
    expect(existsSync(join(folder, "outside"))).toBe(false);
    expect(existsSync(join(into, folder, "outside"))).toBe(true);
  });

  it.each([
    ["absolute", () => folder],
    ["upwards", () => ".."],
    ["far upwards", () => "../../../../../../../.."],
  ])("writing through a link of its own that leads out: %s", async (_, target) => {
    await unpack([
      { path: "link", type: "SymbolicLink", linkpath: target() },
      { path: "link/outside", content: "x" },
    ]);
    expect(existsSync(join(folder, "outside"))).toBe(false);
    expect(existsSync("/outside")).toBe(false);
  });

  it("a hard link to a file outside", async () => {
    writeFileSync(join(folder, "secret"), "secret");
    for (const linkpath of [join(folder, "secret"), "../secret"])
      await expect(unpack([{ path: "hard", type: "Link", linkpath }])).rejects.toThrow(/cannot be linked to/);
    symlinkSync(folder, join(into, "out"));
    await expect(unpack([{ path: "hard", type: "Link", linkpath: "out/secret" }])).rejects.toThrow(
      /cannot be linked to/,
    );
  });

  it("links in a circle", async () => {
    await expect(
      unpack([
        { path: "a", type: "SymbolicLink", linkpath: "b" },
        { path: "b", type: "SymbolicLink", linkpath: "a" },
        { path: "a/x", content: "x" },
      ]),
    ).rejects.toThrow(/Too many links/);
  });

  it("a bomb: too many bytes, too many members", async () => {
    await expect(unpack([{ path: "a", content: "x".repeat(3000) }], { mostBytes: 2000 })).rejects.toThrow(
      /more than 2000 bytes/,
    );
    const many = Array.from({ length: 20 }, (_, index) => ({ path: `f${index}` }));
    await expect(unpack(many, { mostMembers: 10 })).rejects.toThrow(/too many members/);
  });

  it("what is no archive, is cut off, or is empty", async () => {
    await expect(unpack(Buffer.from("not a tar".repeat(200)))).rejects.toMatchObject({ name: "JobError" });
    await expect(unpack(tarball([{ path: "a", content: "x".repeat(3000) }]).subarray(0, 2000))).rejects.toMatchObject({
      name: "JobError",
    });
    await expect(unpack(Buffer.alloc(0))).rejects.toMatchObject({ name: "JobError" });
  });

  it("a file where the archive needs a folder, and a full folder where it has a file", async () => {
    writeFileSync(join(into, "file"), "");
    await expect(unpack([{ path: "file/below", content: "x" }])).rejects.toMatchObject({ name: "JobError" });
    mkdirSync(join(into, "full/of"), { recursive: true });
    await expect(unpack([{ path: "full", content: "x" }])).rejects.toThrow(/is a folder already/);
  });

  it("to go on when the job is cancelled", async () => {
    const abort = new AbortController();
    const bytes = tarball([{ path: "a", content: "x".repeat(100_000) }]);
    const source = async function* () {
      yield bytes.subarray(0, 5000);
      abort.abort(new Error("cancelled"));
      yield bytes.subarray(5000);
    };
    await expect(untar(source(), into, { signal: abort.signal, what: "It" })).rejects.toThrow("cancelled");
  });
});

describe("resolveInside", () => {
  const links: { [path: string]: string } = {
    lib: "usr/lib",
    "usr/up": "../..",
    abs: "/usr",
    loop: "loop",
    chain: "abs/up/lib",
  };
  const at = (path: string) => links[path];
  it.each([
    ["lib/x", "usr/lib/x"],
    ["./lib//x/", "usr/lib/x"],
    ["usr/up/up/etc", "up/etc"],
    ["abs/bin", "usr/bin"],
    ["../../x", "x"],
    ["chain/y", "usr/lib/y"],
    ["lib", "lib"],
    ["", ""],
  ])("%s is %s", (path, expected) => {
    expect(resolveInside(path, at, false)).toBe(expected);
  });
  it("follows the last one when asked to, and ends in a loop", () => {
    expect(resolveInside("lib", at, true)).toBe("usr/lib");
    expect(() => resolveInside("loop/x", at, false)).toThrow(/Too many links/);
  });
});

/** The archive format of the kernel's initramfs: newc cpio, several archives after one another, each packed or not. */
import { InfrastructureError, JobError } from "../base/errors.js";
import { compressionOf } from "./download/decompress.js";
import { contentOf, FIXED_TIME, type Member, padding } from "./overlay/tree.js";

const MAGIC = /^07070[12]$/;
const TRAILER = "TRAILER!!!";
const KINDS = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;
/** Longest name or link target, as in Linux. */
const LONGEST_NAME = 4096;
const MOST_MEMBERS = 1_000_000;
const MOST_BYTES = 16 * 2 ** 30;

function header(name: string, ino: number, mode: number, nlink: number, size: number): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const fields = [ino, mode, 0, 0, nlink, FIXED_TIME, size, 0, 0, 0, 0, bytes.length, 0];
  const head = Buffer.from(
    `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, "0")).join("")}`,
  );
  return Buffer.concat([head, bytes, padding(head.length + bytes.length, 4)]);
}

/**
 * The members as one newc archive: owner root, one fixed time; the same members give the same bytes.
 * @throws InfrastructureError for a file of 4 GiB or more, which the format cannot hold
 */
export async function* cpioOf(members: Iterable<Member>): AsyncGenerator<Uint8Array> {
  let ino = 0;
  for (const { path, type, mode, link, ...member } of members) {
    const target = Buffer.from(link ?? "");
    const size = type === "file" ? member.size : target.length;
    if (size >= 2 ** 32) throw new InfrastructureError(`${path} is too big for a ramdisk (${size} bytes)`);
    yield header(path, ++ino, KINDS[type] | mode, type === "directory" ? 2 : 1, size);
    if (type === "file") yield* contentOf({ path, type, mode, ...member });
    else yield target;
    yield padding(size, 4);
  }
  yield header(TRAILER, 0, 0, 1, 0);
}

export interface CpioEntry {
  /** Without leading `./` or `/`. */
  path: string;
  type: "directory" | "symlink" | "other";
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Target of a symlink. */
  link?: string;
}

/** Reads a byte stream in the pieces that are asked for. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #read = 0;
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }
  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#read += next.value.length;
    if (this.#read > MOST_BYTES)
      throw new JobError("The ramdisk holds too much: is it an archive that was made to fill disks?");
    this.#held = this.#held.length ? Buffer.concat([this.#held, next.value]) : Buffer.from(next.value);
    return true;
  }
  /** The next bytes, left in place; fewer at the end. */
  async peek(count: number): Promise<Buffer> {
    while (this.#held.length < count && (await this.#more()));
    return this.#held.subarray(0, count);
  }
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    if (bytes.length < count) throw new JobError("The ramdisk ends in the middle of a cpio archive");
    this.#held = this.#held.subarray(count);
    return bytes;
  }
  async skip(count: number): Promise<void> {
    while (this.#held.length < count) {
      count -= this.#held.length;
      this.#held = Buffer.alloc(0);
      if (!(await this.#more())) throw new JobError("The ramdisk ends in the middle of a cpio archive");
    }
    this.#held = this.#held.subarray(count);
  }
  async skipZeros(): Promise<void> {
    while ((await this.peek(1)).length) {
      const first = this.#held.findIndex((byte) => byte !== 0);
      this.#held = first < 0 ? Buffer.alloc(0) : this.#held.subarray(first);
      if (first >= 0) return;
    }
  }
  /** Everything that follows. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#held.length) {
        const held = this.#held;
        this.#held = Buffer.alloc(0);
        yield held;
      } else if (!(await this.#more())) return;
    }
  }
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

const notCpio = () =>
  new JobError("The ramdisk is not a newc cpio archive, compressed or not", {
    advice: "Give a kernel's initramfs, and `header: u-boot` when it has such a header.",
  });

async function* archive(bytes: ByteReader): AsyncGenerator<CpioEntry> {
  for (let members = 0; ; members++) {
    if (members > MOST_MEMBERS) throw new JobError("The ramdisk holds too many members");
    const head = (await bytes.take(110)).toString("latin1");
    if (!MAGIC.test(head.slice(0, 6))) throw new JobError("The ramdisk's cpio archive is damaged");
    const field = (index: number) => Number.parseInt(head.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [mode, uid, gid, size, length] = [field(1), field(2), field(3), field(6), field(11)];
    if (!(length > 0 && length <= LONGEST_NAME)) throw new JobError("The ramdisk's cpio archive is damaged");
    const name = (await bytes.take(length)).subarray(0, -1).toString();
    await bytes.skip(padding(110 + length, 4).length);
    if (name === TRAILER) return;
    const kind = mode & 0o170000;
    const type = kind === KINDS.directory ? "directory" : kind === KINDS.symlink ? "symlink" : "other";
    if (type === "symlink" && size > LONGEST_NAME) throw new JobError("The ramdisk's cpio archive is damaged");
    const link = type === "symlink" ? (await bytes.take(size)).toString() : undefined;
    const path = name.replace(/^(\.?\/+)+/, "").replace(/\/+$/, "");
    const permissions = mode & 0o7777;
    yield {
      path: path === "." ? "" : path,
      type,
      mode: permissions,
      uid,
      gid,
      size,
      ...(link !== undefined && { link }),
    };
    await bytes.skip((link === undefined ? size : 0) + padding(size, 4).length);
  }
}

/**
 * The members of an initramfs, in order, without their contents: one or more archives, the last of them possibly
 * compressed as a whole, as the kernel reads them.
 * @param unpack gives the plain bytes of a compressed stream
 * @throws JobError when it is none
 */
export async function* readCpio(
  source: AsyncIterable<Uint8Array>,
  unpack?: (compression: string, source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncGenerator<CpioEntry> {
  const bytes = new ByteReader(source);
  try {
    for (;;) {
      await bytes.skipZeros();
      const head = await bytes.peek(6);
      if (head.length === 0) return;
      if (MAGIC.test(head.toString("latin1"))) yield* archive(bytes);
      else {
        const compression = compressionOf(head);
        if (!compression || !unpack) throw notCpio();
        yield* readCpio(unpack(compression, bytes.rest()));
        return;
      }
    }
  } finally {
    await bytes.close();
  }
}

/**
 * A folder that stands for a target's root directory: everything put into it stays inside, whatever the names say and
 * whatever links are there. Small steps are synchronous: each asynchronous one would cost more than its work.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { JobError } from "../../base/errors.js";
import { resolveInside } from "./safe-files.js";

/** Owner, permissions and time of what is put in; owners only count for root. */
export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  mtime?: Date;
}

export class TargetRoot {
  /** Folders made here, whose attributes are set last: one may forbid writing. */
  readonly #folders = new Map<string, Attributes>();
  /** Folders of names, where they lead; forgotten whenever a link is made or something removed. */
  readonly #known = new Map<string, string>();

  /** @param owners whether owners are kept (only root can) */
  constructor(
    readonly folder: string,
    readonly owners: boolean,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  readonly #linkAt = (path: string): string | undefined => {
    try {
      return readlinkSync(join(this.folder, path));
    } catch {
      return undefined;
    }
  };

  /** Where a folder's name leads, all links followed; it is made when missing. @throws JobError */
  #folderOf(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const absolute = join(this.folder, resolveInside(name, this.#linkAt, true));
    try {
      mkdirSync(absolute, { recursive: true });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw code === "EEXIST" || code === "ENOTDIR"
        ? new JobError(`'${name}' is or lies below a file`, { cause })
        : cause;
    }
    this.#known.set(name, absolute);
    return absolute;
  }

  /** The place of a member that is no folder. @throws JobError */
  #place(name: string): string {
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw new JobError(`'${name}' leads upwards`);
    const last = parts.pop();
    if (last === undefined) throw new JobError(`'${name}' is the root itself`);
    return join(this.#folderOf(parts.join("/")), last);
  }

  /** Makes something that must not be there yet; what has its name is removed first. @throws JobError */
  #replacing<T>(absolute: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (lstatSync(absolute).isDirectory()) {
      if (readdirSync(absolute).length)
        throw new JobError(`'${absolute.slice(this.folder.length)}' is a folder already`);
      rmdirSync(absolute);
    } else rmSync(absolute);
    this.#known.clear();
    return make();
  }

  /** A folder; one that is there already keeps its attributes. */
  directory(name: string, attributes: Attributes): void {
    if (name.split("/").includes("..")) throw new JobError(`'${name}' leads upwards`);
    const path = resolveInside(name, this.#linkAt, true);
    const absolute = join(this.folder, path);
    const old = lstatSync(absolute, { throwIfNoEntry: false });
    if (old?.isDirectory()) {
      if (this.#folders.has(absolute)) this.#folders.set(absolute, attributes);
      return;
    }
    if (path !== "") this.#folderOf(dirname(path));
    this.#replacing(absolute, () => mkdirSync(absolute));
    this.#folders.set(absolute, attributes);
  }

  #attribute(fd: number, { mode, uid, gid, mtime }: Attributes): void {
    if (this.owners && (uid !== process.getuid?.() || gid !== process.getgid?.())) fchownSync(fd, uid, gid);
    fchmodSync(fd, mode & 0o7777); // After chown, which clears set-uid.
    if (mtime) futimesSync(fd, mtime, mtime);
  }

  /** A file whose contents come in pieces. */
  async file(name: string, content: AsyncIterable<Uint8Array>, attributes: Attributes): Promise<void> {
    const absolute = this.#place(name);
    const fd = this.#replacing(absolute, () => openSync(absolute, "wx", 0o600));
    try {
      for await (const chunk of content) for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
      this.#attribute(fd, attributes);
    } finally {
      closeSync(fd);
    }
  }

  /** A symbolic link with any target: it is followed by the target, never here. */
  symlink(name: string, target: string, { uid, gid }: Attributes): void {
    const absolute = this.#place(name);
    this.#replacing(absolute, () => symlinkSync(target, absolute));
    this.#known.clear();
    if (this.owners) lchownSync(absolute, uid, gid);
  }

  /** A further name of a file inside. @throws JobError when it is not there */
  hardLink(name: string, target: string): void {
    const existing = join(this.folder, resolveInside(target, this.#linkAt, false));
    const found = lstatSync(existing, { throwIfNoEntry: false });
    if (!found || found.isDirectory())
      throw new JobError(`'${name}' is a link to '${target}', which cannot be linked to`);
    const absolute = this.#place(name);
    if (existing !== absolute) this.#replacing(absolute, () => linkSync(existing, absolute));
  }

  /** Sets the attributes of the folders that were made. */
  finish(): void {
    for (const [absolute, attributes] of [...this.#folders].reverse()) {
      const fd = openSync(absolute, "r");
      try {
        this.#attribute(fd, attributes);
      } finally {
        closeSync(fd);
      }
    }
  }
}

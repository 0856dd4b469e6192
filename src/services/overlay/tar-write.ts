import { Header, type HeaderData, Pax } from "tar";
import { contentOf, FIXED_TIME, type Member, padding } from "./tree.js";

const TYPES = { directory: "Directory", file: "File", symlink: "SymbolicLink" } as const;

/** The members as a tar archive: owner root, one fixed time; the same members give the same bytes. */
export async function* tarOf(members: Iterable<Member>): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    const fields: HeaderData = {
      path: member.type === "directory" ? `${member.path}/` : member.path,
      type: TYPES[member.type],
      mode: member.mode,
      size: member.size,
      uid: 0,
      gid: 0,
      mtime: new Date(FIXED_TIME * 1000),
      ...(member.link !== undefined && { linkpath: member.link }),
    };
    const block = Buffer.alloc(512);
    // True when a name does not fit: an extended header before then has it in full.
    if (new Header(fields).encode(block, 0)) yield new Pax(fields).encode();
    yield block;
    if (member.type !== "file") continue;
    yield* contentOf(member);
    yield padding(member.size, 512);
  }
  yield Buffer.alloc(1024);
}

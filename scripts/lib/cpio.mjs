/** A "newc" cpio archive written entry by entry; everything belongs to root, times are 0, so the same input gives the same bytes. */
export class CpioWriter {
  #parts = [];
  #inode = 1;

  directory(name, mode = 0o755) {
    this.#add(name, 0o040000 | mode, Buffer.alloc(0));
  }
  file(name, data, mode = 0o644) {
    this.#add(name, 0o100000 | mode, Buffer.from(data));
  }
  link(name, target) {
    this.#add(name, 0o120777, Buffer.from(target));
  }
  /** A character device. */
  device(name, major, minor, mode = 0o600) {
    this.#add(name, 0o020000 | mode, Buffer.alloc(0), [major, minor]);
  }
  /** Ends the archive. */
  finish() {
    this.#add("TRAILER!!!", 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #add(name, mode, data, [major, minor] = [0, 0]) {
    const path = Buffer.from(`${name}\0`);
    const fields = [this.#inode++, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, path.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
    this.#parts.push(padded(Buffer.concat([header, path])), padded(data));
  }
}

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

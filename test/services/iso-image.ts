/** A small ISO 9660 image: plain names end in `;1`, all others are Rock Ridge names. Folders one deep. */
const SECTOR = 2048;
const FIRST_FREE = 20;

const both = (bytes: Buffer, at: number, value: number): void => {
  bytes.writeUInt32LE(value, at);
  bytes.writeUInt32BE(value, at + 4);
};

function record(name: string, sector: number, size: number, folder: boolean): Buffer {
  const plain = name.endsWith(";1") || name === "\0" || name === "\x01" ? name : "SHORT;1";
  const rockRidge =
    plain === name
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([0x4e, 0x4d, 5 + name.length, 1, 0]), Buffer.from(name)]);
  const head = 33 + plain.length + (plain.length % 2 === 0 ? 1 : 0);
  const bytes = Buffer.alloc(head + rockRidge.length + (rockRidge.length % 2));
  bytes[0] = bytes.length;
  both(bytes, 2, sector);
  both(bytes, 10, size);
  bytes[25] = folder ? 2 : 0;
  bytes[32] = plain.length;
  bytes.write(plain, 33, "latin1");
  rockRidge.copy(bytes, head);
  return bytes;
}

/** @param files contents by path */
export function isoImage(files: { [path: string]: string }): Buffer {
  const sectors: Buffer[] = [];
  const add = (bytes: Buffer): number => {
    const at = FIRST_FREE + sectors.length;
    for (let start = 0; start === 0 || start < bytes.length; start += SECTOR)
      sectors.push(Buffer.concat([bytes.subarray(start, start + SECTOR)], SECTOR));
    return at;
  };
  const folders: { [name: string]: Buffer[] } = { "": [] };
  for (const [path, text] of Object.entries(files)) {
    const [name = "", folder = ""] = path.split("/").reverse();
    folders[folder] ??= [];
    folders[folder].push(record(name, add(Buffer.from(text)), text.length, false));
  }
  const self = [record("\0", 0, SECTOR, true), record("\x01", 0, SECTOR, true)];
  for (const [name, records] of Object.entries(folders))
    if (name) folders[""]?.push(record(name, add(Buffer.concat([...self, ...records])), SECTOR, true));
  const root = add(Buffer.concat([...self, ...(folders[""] ?? [])]));
  const descriptor = Buffer.alloc(SECTOR);
  descriptor.write("\x01CD001\x01", 0, "latin1");
  record("\0", root, SECTOR, true).copy(descriptor, 156);
  const end = Buffer.alloc(SECTOR);
  end.write("\xffCD001\x01", 0, "latin1");
  return Buffer.concat([Buffer.alloc(16 * SECTOR), descriptor, end, Buffer.alloc(2 * SECTOR), ...sectors]);
}

/** Puts files into an ext2/3/4 file system, as it lies in a file: with debugfs, so neither root nor a mount is needed. */
import { posix } from "node:path";
import { InfrastructureError, JobError } from "../../base/errors.js";
import { runProgram } from "../run-program.js";
import type { ServiceContext } from "../types.js";
import type { Member } from "./tree.js";
import { programOptions } from "./unpack.js";

/** debugfs has no way to write these in a name. */
const UNSPEAKABLE = /["\\\n\r]/;

/** What debugfs says where nothing is wrong: its version, its echo, files made, folders that were there, old files that were not. */
const FINE =
  /^(debugfs[ :]|Allocated inode:|ext2fs_mkdir: Ext2 directory already exists|mkdir: Ext2 directory already exists|rm: File not found|$)/;

const quoted = (text: string): string => {
  if (UNSPEAKABLE.test(text)) throw new JobError(`The name ${JSON.stringify(text)} cannot be written into an image`);
  return `"${text}"`;
};

/** debugfs commands that put the members in place; folders that are there keep their owner and mode. */
export function debugfsScript(members: Member[]): string {
  const lines: string[] = [];
  for (const { path, type, mode, link, source } of members) {
    const name = quoted(posix.basename(path));
    if (type === "directory") {
      lines.push(`mkdir ${quoted(`/${path}`)}`);
      continue;
    }
    lines.push(`cd ${quoted(posix.dirname(`/${path}`))}`, `rm ${name}`);
    if (type === "symlink") lines.push(`symlink ${name} ${quoted(link ?? "")}`);
    else lines.push(`write ${quoted(source)} ${name}`, `sif ${name} mode 0${(0o100000 | mode).toString(8)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Byte at which a partition (counted from 0) of a disk image begins. */
async function partitionStart(image: string, partition: number, context: ServiceContext): Promise<number> {
  const { code, output } = await runProgram(["sfdisk", "--json", image], { ...programOptions(context), quiet: true });
  if (code !== 0)
    throw new JobError(`'${image}' has no partition table, but the job names partition ${partition}`, {
      cause: output.trim(),
    });
  const { partitiontable } = JSON.parse(output.slice(output.indexOf("{"))) as {
    partitiontable: { sectorsize?: number; partitions?: { start: number }[] };
  };
  const start = partitiontable.partitions?.[partition]?.start;
  if (start === undefined)
    throw new JobError(
      `The image has ${partitiontable.partitions?.length ?? 0} partitions; there is no number ${partition}`,
      {
        advice: "Partitions are counted from 0.",
      },
    );
  return start * (partitiontable.sectorsize ?? 512);
}

/**
 * Writes the members into the file system of an image, or of one of its partitions.
 * @throws JobError when the image holds no ext file system, or has no room.
 */
export async function writeIntoExt4(
  image: string,
  members: Member[],
  partition: number | undefined,
  context: ServiceContext,
): Promise<void> {
  const start = partition === undefined ? 0 : await partitionStart(image, partition, context);
  const device = start === 0 ? image : `${image}?offset=${start}`;
  const { code, output } = await runProgram(["debugfs", "-w", "-f", "-", device], {
    ...programOptions(context),
    quiet: true,
    maxOutput: 1 << 20,
    input: debugfsScript(members),
  });
  const faults = output.split("\n").filter((line) => !FINE.test(line));
  for (const fault of faults) context.log.debug(`>> ${fault}`);
  if (/Bad magic number|Filesystem not open/.test(output))
    throw new JobError("The image holds no ext2, ext3 or ext4 file system where the overlay should go", {
      cause: faults[0],
      advice: "Say in which `partition` it is, or that the image is `sparse`.",
    });
  if (/Could not allocate|No space left|no free space/i.test(output))
    throw new JobError("The overlay does not fit into the image", {
      cause: faults[0],
      advice: "Make the image's file system bigger.",
    });
  if (code !== 0 || faults.length > 0)
    throw new InfrastructureError(`debugfs could not write the overlay: ${faults[0] ?? `code ${code}`}`);
}

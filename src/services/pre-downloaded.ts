import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { JobError } from "../base/errors.js";
import { checkDownloadInput, download, downloadPrograms } from "./download/download.js";
import { readDownloadInput, shownUrl } from "./download/local-file.js";
import { downloadsOf } from "./files/name-inside.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";

/** The path of a `downloads://` URL, relative to the namespace's downloads. @throws JobError */
const pathOf = (url: string): string => insidePath(url.replace(/^downloads:\/\/\/?/, ""), `'${shownUrl(url)}'`);

async function find(url: string, { paths, action }: ServiceContext): Promise<{ file: string; size: number }> {
  const folder = downloadsOf(paths, action.namespace);
  const path = pathOf(url);
  const [root, file] = await Promise.all(
    [folder, join(folder, path)].map((each) => realpath(each).catch(() => undefined)),
  );
  const found = file === undefined ? undefined : await stat(file);
  if (!root || !file?.startsWith(root + sep) || !found?.isFile())
    throw new JobError(`No file '${path}' was downloaded before in the namespace '${action.namespace}'`, {
      advice: "Download it with `to: downloads` in the same namespace, or correct the path after `downloads://`.",
    });
  return { file, size: found.size };
}

/**
 * Takes a file that a `to: downloads` block of the namespace has left, as it lies there; one that is to be unpacked or
 * checked is read like any other download. Inputs and data: as all downloads.
 */
export const preDownloaded: Service = {
  name: "pre-downloaded",
  programs: downloadPrograms,

  validate: async (raw, context) => checkDownloadInput(raw, context, pathOf),

  async run(raw, context) {
    const input = readDownloadInput(raw, context);
    const { file, size } = await find(input.url, context);
    const asItIs =
      !input.archive && Object.keys(input.sums).length === 0 && (!input.compression || input.keepCompressed);
    if (!asItIs)
      return download(raw, context, async () => ({
        total: size,
        bytes: createReadStream(file, { highWaterMark: 1 << 18 }),
      }));
    context.log.info(`using ${file}, downloaded before`);
    const { key, imageArg, compression } = input;
    return {
      data: {
        downloads: {
          [key]: {
            file,
            name: basename(file),
            size,
            compression: compression ?? null,
            ...(imageArg && { image_arg: imageArg }),
          },
        },
      },
      extra: { label: key, size },
    };
  },
};

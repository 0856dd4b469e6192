import { LAVABug } from "../base/errors.js";
import { isMap, type JsonMap, own } from "../base/json.js";
import { fileDownload } from "./file-download.js";
import { httpDownload } from "./http-download.js";
import { optionalText, text, texts } from "./overlay/inputs.js";
import { preDownloaded } from "./pre-downloaded.js";
import { rcloneDownload } from "./rclone-download.js";
import { scpDownload } from "./scp-download.js";
import type { Service, ServiceResult } from "./types.js";

const BY_SCHEME: { [scheme: string]: Service } = {
  http: httpDownload,
  https: httpDownload,
  file: fileDownload,
  scp: scpDownload,
  rclone: rcloneDownload,
  downloads: preDownloaded,
};

interface Item {
  service: Service;
  input: JsonMap;
}

/** Each item with the service that its URL asks for. */
function itemsOf(input: JsonMap): Item[] {
  const plain = texts(input, "plain");
  const directory = optionalText(input, "directory") ?? null;
  return (Array.isArray(input.items) ? input.items : []).filter(isMap).map((item) => {
    const scheme = text(item, "url").split(":")[0]?.toLowerCase() ?? "";
    const service = own(BY_SCHEME, scheme);
    if (!service) throw new LAVABug(`A URL with ${scheme}: was let through`);
    const place = plain.includes(text(item, "key")) ? directory : null;
    return {
      service,
      input: { ...item, keep_compressed: item.compression === "zip", uniquify: true, directory: place },
    };
  });
}

/**
 * Downloads several files, one after the other, each by its URL's scheme: for actions whose downloads are no actions of
 * their own. Inputs: items (`[{key, url, ...}]`, as of http-download), plain? (keys of those that go to `directory`, each
 * into a folder of its name; the others to the job's scratch), directory? (absolute).
 * Data: downloads.<key>.
 */
export const downloadItems: Service = {
  name: "download-items",
  programs: ({ input, ...known }) =>
    itemsOf(input).flatMap((item) => item.service.programs?.({ ...known, input: item.input }) ?? []),

  async validate(input, context) {
    const problems = await Promise.all(
      itemsOf(input).map((item) => item.service.validate?.(item.input, context) ?? Promise.resolve([])),
    );
    return problems.flat();
  },

  async run(input, context): Promise<ServiceResult> {
    const downloads: JsonMap = {};
    const extra: JsonMap = {};
    for (const { service, input: item } of itemsOf(input)) {
      const result = await service.run(item, context);
      if (isMap(result?.data?.downloads)) Object.assign(downloads, result.data.downloads);
      if (result?.extra) extra[text(item, "key")] = result.extra;
    }
    return { data: { downloads }, extra };
  },
};

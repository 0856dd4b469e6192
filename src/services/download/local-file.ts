/** Where a download goes on the worker, and what it is called there (spec pipeline.md §6). */

import { basename, isAbsolute, relative } from "node:path";
import { JobError } from "../../base/errors.js";
import { isMap, type JsonMap } from "../../base/json.js";
import { downloadsOf, nameInside } from "../files/name-inside.js";
import { plainText } from "../overlay/python-text.js";
import type { ServiceContext } from "../types.js";

/** What a download asks for; see docs/machines.md "Services". */
export interface DownloadInput {
  url: string;
  key: string;
  compression?: string;
  archive?: string;
  sums: { [algorithm: string]: string };
  headers: { [name: string]: string };
  useCache: boolean;
  keepCompressed: boolean;
  uniquify: boolean;
  directory?: string;
  imageArg?: string;
}

const ALGORITHMS = ["md5", "sha256", "sha512"];

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

/** `{key}` of the device's `static_info` entries in a URL. */
function withStaticInfo(url: string, device: JsonMap): string {
  const entries = Array.isArray(device.static_info) ? device.static_info.filter(isMap) : [];
  return entries.reduce<string>(
    (url, entry) =>
      Object.entries(entry).reduce((url, [key, value]) => url.replaceAll(`{${key}}`, plainText(value)), url),
    url,
  );
}

/** Reads a download's inputs. @throws JobError when the URL or the key cannot be used. */
export function readDownloadInput(input: JsonMap, context: Pick<ServiceContext, "device">): DownloadInput {
  const url = text(input.url);
  const key = text(input.key) ?? "file";
  if (!url) throw new JobError(`The download '${key}' has no url`);
  nameInside("", key, "The name of a download");
  const sums: { [algorithm: string]: string } = {};
  for (const algorithm of ALGORITHMS) {
    const sum = text(input[`${algorithm}sum`]);
    if (sum) sums[algorithm] = sum.trim().toLowerCase();
  }
  const compression = text(input.compression);
  const archive = text(input.archive);
  if (archive && archive !== "tar") throw new JobError(`Unknown archive format '${archive}' of '${key}' (known: tar)`);
  const directory = text(input.directory);
  const imageArg = text(input.image_arg);
  return {
    url: withStaticInfo(url, context.device),
    key,
    ...(compression && { compression }),
    ...(archive && { archive }),
    sums,
    headers: isMap(input.headers)
      ? Object.fromEntries(Object.entries(input.headers).map(([name, value]) => [name, plainText(value)]))
      : {},
    useCache: input.use_cache !== false,
    keepCompressed: input.keep_compressed === true,
    uniquify: input.uniquify !== false,
    ...(directory && { directory }),
    ...(imageArg && { imageArg }),
  };
}

export interface LocalFile {
  /** Absolute path of what the download becomes: a file, or a folder when an archive is unpacked. */
  file: string;
  folder: string;
  /** Relative to the TFTP root when below it, else the base name. */
  name: string;
  /** Decompression while downloading, if any. */
  decompress?: string;
  /** The compression that is left on the file. */
  compression: string | null;
}

/** The name at the end of a URL, as it stands there. */
const urlName = (url: string): string => {
  const name = basename(url.replace(/^[a-z][a-z0-9+.-]*:/i, "").replace(/[?#].*$/, ""));
  return name === "." || name === ".." ? "" : name;
};

/** Drops the last extension, as decompression does. */
const plainName = (name: string): string => name.replace(/(?<=.)\.[^.]*$/, "");

/** Where the download goes. A zip stays packed, unless an archive in it is unpacked. */
export function localFile(input: DownloadInput, context: Pick<ServiceContext, "action" | "paths">): LocalFile {
  const decompress =
    input.compression && !input.keepCompressed && (input.compression !== "zip" || input.archive)
      ? input.compression
      : undefined;
  const base = input.directory ?? downloadsOf(context.paths, context.action.namespace);
  const folder = input.uniquify ? nameInside(base, input.key, "The name of a download") : base;
  const remote = urlName(input.url) || input.key;
  const file = nameInside(
    folder,
    input.archive ? input.key : decompress ? plainName(remote) : remote,
    "A downloaded file",
  );
  const below = relative(context.paths.tftpRoot, file);
  return {
    file,
    folder,
    name: below.startsWith("..") || isAbsolute(below) ? basename(file) : below,
    ...(decompress && { decompress }),
    compression: decompress || input.archive ? null : (input.compression ?? null),
  };
}

/** A URL as it may be shown: without its password. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^/?#@]*@/i, "$1:***@");
}

/** The built page: every file that may be handed out, read once. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

const TYPES: { [extension: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface PageFile {
  type: string;
  content: Buffer;
}

/** By path (`/visualizer.js`). Throws when the page was not built. */
export function readPageFiles(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type) files.set(`/${name}`, { type, content: readFileSync(join(folder, name)) });
  }
  if (!files.has("/index.html")) throw new Error(`${folder} holds no page.`);
  return files;
}

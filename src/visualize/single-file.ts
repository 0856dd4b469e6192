/** The page as one file: script, style, layout worker and the run's files inside it; no request leaves it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { markupText } from "../base/markup-text.js";
import { FileTail } from "./file-tail.js";
import type { MadeLayout } from "./made-layout.js";
import type { PageFile } from "./page-files.js";
import { type EmbeddedFiles, STREAMS, type StreamName, type ViewData } from "./view-data.js";

/** A file that is sent about is not to become larger than this, before packing. */
const LARGEST = 24 << 20;

/** The run's files for a self-contained page; of very large ones the end. */
export async function embeddedFiles(directory: string): Promise<EmbeddedFiles> {
  const files: EmbeddedFiles = {};
  for (const [name, file] of Object.entries(STREAMS) as [StreamName, string][]) {
    const tail = new FileTail(join(directory, file), 0, name === "journal" ? Number.POSITIVE_INFINITY : LARGEST);
    const lines: string[] = [];
    try {
      for (let more = await tail.read(); more.length > 0; more = await tail.read()) lines.push(...more);
    } finally {
      await tail.close();
    }
    if (lines.length > 0) files[name] = lines.join("\n");
  }
  return files;
}

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const packed = (text: string) => gzipSync(text, { level: 9 }).toString("base64");

/** Ends no script element, whatever stands in it. */
const inScript = (code: string) => code.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");

/** Builds the file. Texts of the run are packed, so nothing in them can be taken for the page's own. */
export function singleFile(
  page: Map<string, PageFile>,
  view: ViewData,
  files: EmbeddedFiles,
  layout?: MadeLayout,
): string {
  const read = (path: string) => {
    const file = page.get(path);
    if (!file) throw new Error(`The page has no ${path}.`);
    return file.content.toString("utf8");
  };
  const script = inScript(read("/visualizer.js"));
  const style = read("/visualizer.css").replace(/<\/(style)/gi, "<\\/$1");
  const policy =
    `default-src 'none'; script-src ${hash(script)}; style-src 'unsafe-inline'; img-src data:; worker-src blob:; ` +
    "base-uri 'none'; form-action 'none'";
  const blocks = {
    view: JSON.stringify(view),
    ...(layout && { layout: JSON.stringify(layout) }),
    worker: read("/elk-worker.js"),
    ...files,
  };
  const data = Object.entries(blocks)
    .map(([name, text]) => `<script type="application/gzip" id="embedded-${name}">${packed(text)}</script>`)
    .join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${markupText(view.title)}</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<noscript>This page draws with JavaScript.</noscript>
${data}
<script type="module">${script}</script>
</body>
</html>
`;
}

/** The reports of an output directory, made again at any time from its journal. */
import type { ReadStream } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeFresh } from "../base/fresh-file.js";
import { openRegularHandle } from "../base/regular-file.js";
import { writeFailure } from "./append-file.js";
import { reportFromJournal } from "./report-from-journal.js";
import { reportHtml } from "./report-html.js";
import { type ReportLog, readLog } from "./report-log.js";
import type { RunReport } from "./report-model.js";
import { resultYaml } from "./result-yaml.js";
import { junitXml } from "./results-junit.js";
import { tap } from "./results-tap.js";

/** Name of each report and how it is made. */
const REPORTS: { [file: string]: (report: RunReport, directory: string) => string | Promise<string> } = {
  "results.json": (report) => `${JSON.stringify(report, null, 2)}\n`,
  "results.junit.xml": junitXml,
  "results.tap": tap,
  "result.yaml": resultYaml,
  "report.html": async (report, directory) => reportHtml(report, await readLogOf(directory)),
};

export const REPORT_FILES = Object.keys(REPORTS);

async function readLogOf(directory: string): Promise<ReportLog> {
  return readLog(linesOf(join(directory, "journal.jsonl")), linesOf(join(directory, "console.cast")));
}

/** Bytes of a line: the largest job's header is far smaller. */
const LONGEST_LINE = 64 << 20;

/** A regular file as a stream, which ends with an error where a line has no end. */
async function streamOf(path: string): Promise<ReadStream> {
  const input = (await openRegularHandle(path)).createReadStream();
  let size = 0;
  input.on("data", (piece: string | Buffer) => {
    const end = (piece as Buffer).lastIndexOf(10);
    size = end < 0 ? size + piece.length : piece.length - end - 1;
    if (size > LONGEST_LINE) input.destroy(new Error(`${path} has a line of more than ${LONGEST_LINE} bytes`));
  });
  return input;
}

/** Lines of a file, streaming; none when there is no regular file. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let input: ReadStream | undefined;
  try {
    input = await streamOf(path);
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (!["ENOENT", "ENOTREGULAR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    input?.destroy();
  }
}

/** Reads `journal.jsonl` of a directory, streaming. Rejects when there is none. */
export async function readReport(directory: string): Promise<RunReport> {
  const input = await streamOf(join(directory, "journal.jsonl"));
  try {
    return await reportFromJournal(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }));
  } finally {
    input.destroy();
  }
}

/** Writes all reports; each appears whole or not at all. Rejects with InfrastructureError. */
export async function writeReports(directory: string, report: RunReport): Promise<void> {
  for (const [name, make] of Object.entries(REPORTS)) {
    const path = join(directory, name);
    try {
      writeFresh(`${path}.new`, await make(report, directory));
      await rename(`${path}.new`, path);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }
}

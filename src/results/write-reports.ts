/** The reports of an output directory, made again at any time from its journal. */
import { createReadStream } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeFresh } from "../base/fresh-file.js";
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

/** Lines of a file, streaming; none when it is not there. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    input.destroy();
  }
}

/** Reads `journal.jsonl` of a directory, streaming. Rejects when there is none. */
export async function readReport(directory: string): Promise<RunReport> {
  const input = createReadStream(join(directory, "journal.jsonl"));
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

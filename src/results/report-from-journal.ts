/** The report of a run, made from its journal alone. */
import type { JournalRecord } from "../interpreter/journal-format.js";
import { ReportBuilder } from "./report-builder.js";
import type { RunReport } from "./report-model.js";

/**
 * Reads a journal, line by line, into a report. A last line that was cut off is passed over; a broken one elsewhere is
 * passed over and named in `problems`.
 */
export async function reportFromJournal(lines: AsyncIterable<string> | Iterable<string>): Promise<RunReport> {
  const builder = new ReportBuilder();
  let number = 0;
  let broken = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    if (broken) builder.problem(`Line ${broken} of the journal cannot be read.`);
    broken = 0;
    const record = parseRecord(line);
    if (record) builder.add(record);
    else broken = number;
  }
  if (broken) builder.problem(`The last line of the journal (${broken}) was cut off.`);
  return builder.report();
}

function parseRecord(line: string): JournalRecord | undefined {
  try {
    const record = JSON.parse(line);
    return typeof record?.kind === "string" && typeof record.t === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}

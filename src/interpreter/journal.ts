import type { JournalRecord } from "./journal-format.js";

type Unnumbered = JournalRecord extends infer R ? (R extends JournalRecord ? Omit<R, "seq"> : never) : never;

/** Numbers the records in the order in which they are told. */
export class Journal {
  #seq = 0;
  /** Levels of the actions that have begun. */
  readonly started = new Set<string>();
  #tell: (record: JournalRecord) => void;
  constructor(tell: (record: JournalRecord) => void) {
    this.#tell = tell;
  }
  add(record: Unnumbered): void {
    if (record.kind === "action" && record.status === "start") this.started.add(record.level);
    this.#tell({ ...record, seq: this.#seq++ } as JournalRecord);
  }
}

/** The leaf states of a state value, as dotted paths. */
export function statePaths(value: unknown, prefix = ""): string[] {
  if (typeof value === "string") return [prefix === "" ? value : `${prefix}.${value}`];
  const paths: string[] = [];
  for (const [key, inner] of Object.entries(value as object)) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const deeper = statePaths(inner, path);
    paths.push(...(deeper.length > 0 ? deeper : [path]));
  }
  return paths;
}

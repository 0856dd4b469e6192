/** What a run tells to whoever listens: log writer, recorder, journal, terminal, live viewers. */
import type { Json } from "../base/json.js";
import type { LogLevel } from "../base/log.js";
import type { Progress } from "../services/types.js";
import type { JournalRecord } from "./journal-format.js";

export type RunEvent =
  /** `line`: its number in logs.yaml, from 0. */
  | { type: "log"; t: number; level: LogLevel; message: Json; ns?: string; line: number }
  | { type: "journal"; record: JournalRecord }
  | { type: "progress"; level: string; name: string; progress: Progress }
  /** `console`: its name, which is that of its namespace or of the action that has one of its own. */
  | {
      type: "console";
      t: number;
      direction: "output" | "input";
      text: string;
      secret: boolean;
      console: string;
    };

/** A sink: one file of src/results. Calls come in order; `write` must not block, `close` resolves when all is on disk. */
export interface RunSink {
  write(event: RunEvent): void;
  close(): Promise<void>;
}

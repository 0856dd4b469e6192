/** A place in a text: lines and columns count from 1. */
export interface Location {
  file: string;
  line: number;
  column: number;
}

/** One finding about a job, a device or a machines file. All problems of a file are reported, not only the first. */
export interface Problem {
  severity: "error" | "warning";
  /** Class of the error that it becomes when the job is refused for it (default `JobError`). */
  errorClass?: string;
  /** What happened, one sentence. */
  message: string;
  location?: Location;
  /** The source line itself, to be shown below the message. */
  source?: string;
  /** What to do, e.g. `did you mean "prompts"?`. */
  hint?: string;
  /** JSON path of the value, e.g. `actions[1].boot.prompts`. */
  path?: string;
  /** Further places worth showing, e.g. the first of two duplicate keys. */
  related?: { location: Location; source?: string; message: string }[];
}

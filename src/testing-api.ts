/** What `lava-dispatch/testing` gives, as types. Nothing is imported: the build publishes this file as it stands. */

export interface ReplaySettings {
  /** The job that was recorded; default: `<name>.job.yaml` or `job.yaml` beside the recording. */
  job?: string;
  /** Device dictionary or rendered device; default as for the job. */
  device?: string;
  /** Settings of the dispatcher. */
  dispatcher?: string;
  /** Folders of strategies of your own, beside the built-in ones. */
  machines?: string[];
  /** `key=value` variables of the device dictionary. */
  set?: string[];
  /** Where relative paths start; default: the working directory. */
  cwd?: string;
}

/** A state that the job was in. */
export interface ReplayedState {
  /** ms of virtual time since the job began. */
  t: number;
  /** E.g. `2.4.3`; empty outside of actions. */
  level: string;
  action: string;
  /** E.g. `typing`. */
  state: string;
}

export interface Replayed {
  /** Whether the job ended, or the recording and the machine parted ways before. */
  status: "ended" | "diverged" | "unfinished" | "stopped";
  /** As a run would have ended. */
  verdict: "pass" | "fail" | "job" | "infrastructure" | "test" | "bug" | "canceled";
  /** How and where it ended, in one line. */
  outcome: string;
  /** The error's own words, or what was sent instead of what was recorded. */
  message: string;
  states: ReplayedState[];
  /** Results of test cases by suite and case; final attempts. */
  results: { [suite: string]: { [testCase: string]: string } };
  /** "Stuck because", when the job did not end. */
  stuck: string[];
  /** ms of virtual time. */
  duration: number;
}

/** One recording to ask questions of; it is replayed once, when the first is asked. A wrong answer is a ReplayFailure. */
export interface Replaying {
  result(): Promise<Replayed>;
  /** Expects a level (`2.4.3`), an action (`auto-login-action`) or a state (`bootloader-commands.typing`) to be reached. */
  reaches(state: string): Promise<Replayed>;
  /** Expects the job to end with this class of verdict. */
  ends(verdict: Replayed["verdict"]): Promise<Replayed>;
  passes(): Promise<Replayed>;
  /** Expects the job to end with an error of these words. */
  failsWith(words: string | RegExp): Promise<Replayed>;
  /** Expects the outcome, the states and the duration of the golden trace beside the recording. */
  matchesGolden(): Promise<Replayed>;
}

/** `recording`: an output directory, a cast, a LAVA log or a console log; gzip or not. */
export type Replay = (recording: string, settings?: ReplaySettings) => Replaying;

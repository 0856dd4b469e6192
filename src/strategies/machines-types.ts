/**
 * The form of the files in `machines/` after loading (docs/machines.md). Two languages stand in them and no third:
 * `Cel` strings are CEL expressions, `Text` strings are Handlebars templates shown to people.
 */
import type { ErrorClassName } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import type { Location } from "../base/problem.js";

/** A CEL expression; scope: see docs/machines.md "What an expression sees". */
export type Cel = string;
/** A Handlebars template over the same scope. */
export type Text = string;
/** A tree whose strings are CEL, whose other scalars stand for themselves. */
export type CelTree = Cel | number | boolean | null | CelTree[] | { [key: string]: CelTree };

/** What runs in an action besides its children: a service of src/services or a dialogue of machines/dialogues. */
export interface StepDefinition {
  service?: string;
  dialogue?: string;
  /** Inputs, evaluated when the state is entered. */
  with?: { [key: string]: CelTree };
  /** In `diagnose` only: a file of machines/diagnoses/. */
  diagnosis?: string;
  /** Build-time CEL: without it the action has no such step (its place in the tree stays). */
  when?: Cel;
  /** `true` (only `run`): its service may say that the rest of the action is left out. */
  skips?: boolean;
}

/** One action of a strategy, or of a fragment in machines/actions/. */
export interface ActionDefinition {
  action: string;
  class?: string;
  summary?: Text;
  description?: Text;
  /** A retry action: its sub-pipeline runs again as a whole (spec job.md §3). */
  retry?: boolean;
  /** Run before the children. */
  run?: StepDefinition;
  /** Run after the children. */
  conclude?: StepDefinition;
  /** Run when the action's subtree failed with a Job- or InfrastructureError, before retry or failure; may not hide the first error. */
  diagnose?: StepDefinition[];
  /** Run at the job's end (and between attempts), whatever happened, if `run` was started. */
  cleanup?: StepDefinition;
  /** Class of the error when the action's timeout ends it (default JobError). */
  timeout_error?: ErrorClassName;
  /** Class of the error when a command of it fails (default JobError). */
  command_error?: ErrorClassName;
  /** Own default timeout in seconds (default 30, spec job.md §2 step 0). */
  timeout?: number;
  /** `true`: brings the board to a known state (power cycle, reboot). */
  resets?: boolean;
  /** `true`: a failure of this action is logged and the pipeline goes on. */
  continue?: boolean | "quietly";
  /** Name of a console of its own, closed when the action ends: its services open it, its dialogues talk on it. */
  console?: string;
  /** `true`: where its namespace has no console, it talks on the one that was opened last, whose system a block before has booted. */
  borrows?: boolean;
  /** Text for `url:` in describe (CEL), only downloads. */
  url?: Cel;
  pipeline?: PipelineItem[];
  location: Location;
}

/** One entry of a pipeline list. */
export interface PipelineItem {
  /** Inline action. */
  action?: ActionDefinition;
  /** Name of a fragment in machines/actions/; it may hold several items. */
  use?: string;
  /** Build-time variables for the fragment (CEL over the build-time scope). */
  with?: { [key: string]: CelTree };
  /** Only when this holds (build-time CEL). */
  when?: Cel;
  /** Repeats the item for each element (build-time CEL list or map); `as` names the variable (default `item`), `index` and for maps `key` too. */
  each?: Cel;
  as?: string;
  /** Only the first time in a namespace that this action (or fragment) is added; blocks count in the job's order. */
  once?: boolean;
  /** Replaces the block parameters below this item (CEL map), e.g. for `services`. */
  parameters?: Cel;
  /** Conditions that refuse the job when they do not hold (build-time CEL). */
  check?: CheckDefinition[];
  location: Location;
}

export interface ConditionDefinition {
  cel: Cel;
  /** What a user is told when it does not hold. */
  otherwise?: Text;
  /** When all conditions before it hold and it does not, the job is refused with this class; no other strategy is tried. */
  refuse?: ErrorClassName;
  location: Location;
}

export interface CheckDefinition {
  cel: Cel;
  otherwise: Text;
  /** Class that the job is refused with (default JobError). */
  error?: ErrorClassName;
  /** `build`: the pipeline cannot be built; `validate` (default): it is built and described, but not run. */
  at?: "build" | "validate";
  /** `warning`: the job runs all the same. */
  severity?: "error" | "warning";
  /** Key of the block that is to blame, e.g. `prompts`. */
  key?: string;
  location: Location;
}

export type Family = "deploy" | "boot" | "test" | "command" | "finalize";

export interface StrategyDefinition {
  /** e.g. `deploy/tftp` */
  strategy: string;
  family: Family;
  /** Place among its family: candidates are tried by priority, then in this order, then by name. */
  order: number;
  priority: number;
  accepts: ConditionDefinition[];
  /** Traits of test strategies (spec device.md §5), of a deploy strategy `uses_deployment_data`; a text is build-time CEL. */
  traits: { [name: string]: boolean | Cel };
  check?: CheckDefinition[];
  pipeline: PipelineItem[];
  location: Location;
}

export interface FragmentDefinition {
  fragment: string;
  pipeline: PipelineItem[];
  location: Location;
}

/** ---- dialogues ---- */
export interface DialogueSend {
  /** Text followed by a line end. */
  line?: Cel;
  /** What follows a `line` (default "\n"; null is the default). */
  end?: Cel;
  /** Text as it is. */
  text?: Cel;
  /** A letter (or list of letters) sent as Ctrl-<letter>. */
  control?: Cel;
  /** Check the echo and send again, slower, when garbled (default true for `line`). */
  echo?: Cel | boolean;
  /** ms between characters. */
  delay?: Cel;
  /** Not shown in any log. */
  secret?: boolean;
}
export interface DialogueTransition {
  /** CEL: a regular expression or a list of them; counts in the last, unfinished line, after a short silence. */
  prompt?: Cel;
  /** CEL: a regular expression or a list of them; counts wherever it appears in the stream. */
  pattern?: Cel;
  /** Name of a test signal (`RUNNER_EXIT`, `TESTRAISE`, ...); only in states with `signals: true`. `match.text` is its parameters joined by spaces. */
  signal?: string;
  /** `^` in the pattern stands for the end of the match before; else for the beginning of a line. */
  caret?: "match";
  /** The pattern's match in the echo of what was typed counts, with a warning, when nothing better comes. */
  echo?: boolean;
  /** A prompt that came before the wait began counts, with a warning, when nothing better comes and the time is nearly up. */
  loose?: boolean;
  /** Only when this holds (CEL; sees `match`). */
  guard?: Cel;
  target?: string;
  /** Dialogue variables, CEL (see `match`: text, line, pattern, index, groups, named, sooner). */
  assign?: { [name: string]: Cel };
  /** Namespace data to write, as a tree of CEL. */
  save?: { [key: string]: CelTree };
  /** `kind`: what was heard counts among the kernel's messages, as one of this kind. */
  error?: { class: ErrorClassName; message: Text; board?: "dead"; advice?: Text; kind?: string };
  log?: { level: "debug" | "info" | "warning" | "error"; message: Text };
  /** Result lines (spec output.md §3): a map or a list of maps; null and `[]` are none. */
  result?: CelTree;
  /** CEL: the name of a suite that the report tells as not ended. */
  incomplete?: Cel;
  /** For the action's own result line. */
  extra?: { [key: string]: CelTree };
}
export interface DialogueState {
  type?: "final";
  /** Which machine is expected to own the console: decides the watchers (machines/watchers.yaml). */
  phase?: string;
  /** Test signals of the console are taken here (results, sets, events: see spec test-shell.md §4). */
  signals?: boolean;
  /** The kernel's boot is over: what it said can be told. */
  booted?: boolean;
  send?: DialogueSend;
  expect?: DialogueTransition[];
  /** Tried when the state is entered, after its `send` was handed over and before anything is heard. */
  always?: DialogueTransition[];
  /** Leaves the state when the board has said nothing for a while: `delay` ms since its last output; each output starts it again. */
  silence?: DialogueTransition & { delay: Cel };
  /** Leaves the state after a while without a match; ms (CEL). */
  after?: DialogueTransition & { delay: Cel };
  location: Location;
}
export interface DialogueDefinition {
  dialogue: string;
  /** Variables, evaluated when the dialogue begins; the step's `with` overrides them. */
  context: { [name: string]: CelTree };
  initial: string;
  states: { [name: string]: DialogueState };
  /** CEL: whether the kernel's messages, once a state is `booted`, are results of the action (spec output.md §3). */
  kernel_messages?: Cel;
  /** Result lines of what was begun and not ended, told when the action fails; it sees `context` as it was last. */
  unfinished?: CelTree;
  location: Location;
}

/** What an action that failed is asked (machines/diagnoses/): what was heard last tells the device's state. */
export interface DiagnosisDefinition {
  diagnosis: string;
  /** CEL over the run-time scope; it sees `error`. */
  when?: Cel;
  /** CEL: a regular expression or a list of them; one has to be in the last output. */
  heard: Cel;
  /** The same; none may be in it. */
  unheard?: Cel;
  /** The same; none may be in the line that was heard. */
  unlike?: Cel;
  /** Texts as they are; `{line}` stands for the line that was heard. */
  state: string;
  advice: string;
  location: Location;
}

/** When an alarm counts; all in ms. Without any it does at once. What is awaited, and comes meanwhile, proves it wrong. */
export interface AlarmGrace {
  /** The board has said nothing for so long. */
  silence?: number;
  /** So long after a message that is `sure` (CEL: a regular expression), or after any when there is no `silence`. */
  after?: number;
  sure?: Cel;
  /** CEL: a regular expression; its first group are the seconds that the board is silent by intent. */
  pause?: Cel;
  /** It counts at once when it comes this often and what is awaited does not. */
  strikes?: number;
  /** CEL: a regular expression; output that shows that the board lives. */
  life?: Cel;
  /** `true`: an error that the dialogue meets meanwhile is only its consequence. */
  explains?: boolean;
  /** So long another attempt in the same boot waits for the board to come back by itself. */
  revival?: number;
  /** Before it counts the board is asked for a sign of life, unless its last line asks something itself. */
  ask?: LifeCheck;
}

/** What is typed to see whether a board lives. */
export interface LifeCheck {
  /** CEL: letters of the control characters. */
  control: Cel;
  /** How long the answer is awaited, ms. Anything but the kernel's own lines is one. */
  wait: number;
  /** CEL: a regular expression; what a terminal shows for them. */
  echo: Cel;
  /** CEL: a regular expression; behind a message with it the board starts anew, and speaks: only the echo is an answer. */
  restarts: Cel;
}

/** What is watched beside every dialogue (machines/watchers.yaml), per phase. */
export interface WatcherDefinition {
  watcher: string;
  /** Phases in which it counts. */
  phases: string[];
  /** CEL giving a regular expression or a list; counts wherever it appears. */
  pattern?: Cel;
  /** The same, but it counts at the end of output, after a short silence. One of the two is given. */
  prompt?: Cel;
  /** Message goes on until this matches, or until silence/limit. */
  until?: Cel;
  /** CEL condition for this watcher to be active. */
  when?: Cel;
  /** ms to keep reading after the match, so that the whole message is in the log. */
  settle?: number;
  /**
   * Its text sees `match` and `message` (all that was heard from the line of the match on). With an error and without it,
   * what was heard is none of the kernel's messages.
   */
  kind?: Text;
  /** CEL: a regular expression; the line of the match has to be of this form. */
  form?: Cel;
  /** Fatal: the error it raises. Without it, the message is collected as a kernel message. */
  error?: { class: ErrorClassName; message: Text; board?: "dead"; advice?: Text };
  /** When that error is raised. */
  grace?: AlarmGrace;
  location: Location;
}

/** All of `machines/`, loaded. Plain JSON. */
export interface Machines {
  strategies: StrategyDefinition[];
  fragments: { [name: string]: FragmentDefinition };
  dialogues: { [name: string]: DialogueDefinition };
  watchers: WatcherDefinition[];
  diagnoses: { [name: string]: DiagnosisDefinition };
  defaults: MachineDefaults;
}

/** machines/defaults.yaml */
export interface MachineDefaults {
  /** Seconds that an action, a wait on a connection and the cleanup get when nothing else says so. */
  timeouts: { action: number; connection: number; cleanup: number };
  /** Seconds between attempts of a retry action. */
  retry_interval: number;
  /** Per family: the key that names the method, and what a block and a device must have before strategies are asked. */
  families: { [family: string]: { selector?: string; requires?: CheckDefinition[] } };
  /** Rows by `os` (spec runtime.md §9). */
  os: { [name: string]: JsonMap };
  /** Constants that a device need not give; its own lie over them. */
  constants: JsonMap;
}

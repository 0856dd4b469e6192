/** A job run against a recording, in virtual time. */
import type { RunEvent, RunSink } from "../interpreter/events.js";
import type { Verdict } from "../interpreter/journal-format.js";
import { type RunOptions, runJob } from "../interpreter/run-job.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import { createMasker, type Masker } from "../results/mask.js";
import { ReportBuilder } from "../results/report-builder.js";
import type { RunReport } from "../results/report-model.js";
import type { ServiceRegistry } from "../services/types.js";
import { EchoPlayer } from "./echo-player.js";
import { LanePlayer } from "./lane-player.js";
import type { Divergence, Player, PlayerNotes, World } from "./player.js";
import { type Recording, RecordingError } from "./recording.js";
import { ReplayClock } from "./replay-clock.js";
import { ReplayLines } from "./replay-lines.js";
import { replayServices } from "./replay-services.js";
import { TimedPlayer } from "./timed-player.js";
import { isAt, Trace, type TraceStep } from "./trace.js";

/**
 * What the recorded board is given to answer after its last word, where the recording was cut off, virtual ms: enough for a
 * watcher to ask a silent board for a sign of life.
 */
const LAST_WORDS = 6000;

export interface ReplayOptions {
  recording: Recording;
  /** What is run; clock, services, paths and sinks are the replay's own. */
  job: Pick<RunOptions, "pipeline" | "jobId" | "jobName" | "jobFile" | "deviceFile" | "deviceName" | "version">;
  /** The real services: those that touch nothing outside run as they are. */
  services: ServiceRegistry;
  /** Hides what the recording hides. */
  masker?: Masker;
  sinks?: RunSink[];
  /** Stops at the first state that is this level, action, or `action.state`. */
  until?: string;
  /** Called at each state, before the next one; `stop` ends the replay there. */
  onStep?: (step: TraceStep, standing: () => string[]) => Promise<"go" | "stop">;
  /** Wall-clock ms, for the ratio of virtual to real time. */
  realTime: () => number;
}

/**
 * `ended`: the job came to its end. `diverged`: the machine would have sent something else than was recorded.
 * `unfinished`: the recording is over, or nothing more can come, and the job is not. `stopped`: where it was asked to.
 */
export type ReplayStatus = "ended" | "diverged" | "unfinished" | "stopped";

export interface ReplayResult {
  status: ReplayStatus;
  /** From the journal, as after a run. */
  report: RunReport;
  verdict?: Verdict;
  divergence?: Divergence;
  trace: TraceStep[];
  /** Where it stands when it did not end: the "stuck because" report. */
  stuck: string[];
  notes: PlayerNotes;
  /** ms */
  virtual: number;
  real: number;
}

/** Leaf actions that bring the board to a known state. */
function resetActions(actions: ActionNode[], into = new Set<string>()): Set<string> {
  for (const node of actions) {
    if (node.resets && node.children.length === 0) into.add(node.name);
    resetActions(node.children, into);
  }
  return into;
}

/** Lets everything that waits for promises go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Replays a recording: the same chart, console and dialogues as in a run, with the recording as board and as world.
 * The same recording and the same machines give the same trace, byte for byte. Throws RecordingError.
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const began = options.realTime();
  const { recording, job, until, onStep } = options;
  const { facts } = recording;
  const clock = new ReplayClock(facts.start);
  const { masker = createMasker([]) } = options;
  const builder = new ReportBuilder();
  const resets = resetActions(job.pipeline.actions);
  const reached: TraceStep[] = [];
  const trace = new Trace((step) => reached.push(step));
  const lines = new ReplayLines(job.pipeline.actions);

  const observer: RunSink = {
    write(event: RunEvent) {
      if (event.type === "console" && event.direction === "input")
        player.typed({ text: masker.text(event.text), secret: event.secret, console: event.console });
      if (event.type !== "journal") return;
      const { record } = event;
      if (record.kind === "action" && record.status === "start")
        player.actionStarted(record.name, lines.nameOf(record.level));
      builder.add(record);
      trace.take(record);
    },
    close: async () => {},
  };
  const awaitedOn = (isMeant: (console: string) => boolean) =>
    run
      .standing()
      .awaiting.flatMap(({ level, patterns, console }) =>
        console.isClosed || !isMeant(lines.nameOf(level)) ? [] : patterns,
      );
  const world: World = {
    now: () => clock.now(),
    say: (bytes, at) => lines.at(at)?.say(bytes),
    hangUp: (message, at) => lines.at(at)?.hangUp(message),
    cancel: (error) => run.cancel(error),
    isOpen: (at) => lines.at(at) !== undefined,
    awaited: () => awaitedOn(() => true),
    isSettling: () => run.standing().state().includes(".settling"),
  };
  const events = recording.events(resets);
  const lanes = new Set([...facts.consoles].map((console) => lines.named(console)));
  const player: Player = !facts.timed
    ? new EchoPlayer(events, world)
    : lanes.size < 2
      ? new TimedPlayer(events, facts, resets, world)
      : new LanePlayer(
          events,
          lanes,
          (console) => lines.named(console),
          (own, lane) =>
            new TimedPlayer(own, facts, resets, { ...world, awaited: () => awaitedOn((name) => name === lane) }, lane),
        );
  const sinks = [...(options.sinks ?? []), observer];
  const run = runJob({
    ...job,
    clock,
    env: {},
    services: replayServices(facts, options.services, lines),
    paths: REPLAY_PATHS,
    sinks,
  });
  let verdict: Verdict | undefined;
  const start = clock.now();
  let last = start;
  void run.result.then((value) => {
    verdict = value;
  });

  /** Nothing more is recorded, and the job waits for the board. */
  const isLeftAlone = () => player.over && !facts.complete && world.awaited().length > 0;
  const loop = async (): Promise<ReplayStatus> => {
    for (;;) {
      await settled();
      for (let step = reached.shift(); step; step = reached.shift()) {
        if (until !== undefined && isAt(step, until)) return "stopped";
        if (onStep && (await onStep(step, () => run.standing().stuck())) === "stop") return "stopped";
      }
      if (verdict) return "ended";
      const planned = await player.due();
      const due = planned === undefined ? undefined : Math.ceil(planned);
      if (player.divergence) return player.over && !facts.complete ? "unfinished" : "diverged";
      const timer = clock.next();
      if (due !== undefined && (timer === undefined || due <= timer)) {
        if (due > clock.now()) clock.advanceTo(due);
        player.play();
        last = clock.now();
      } else if (timer === undefined || (timer > last + LAST_WORDS && isLeftAlone())) return "unfinished";
      else clock.advanceTo(timer);
    }
  };
  const status = await loop();
  const stuck = status === "ended" ? [] : run.standing().stuck();
  if (status !== "ended") for (const sink of sinks) await sink.close();
  return {
    status,
    report: builder.report(),
    ...(verdict && { verdict }),
    ...(player.divergence && { divergence: player.divergence }),
    trace: trace.steps,
    stuck,
    notes: player.notes,
    virtual: clock.now() - start,
    real: options.realTime() - began,
  };
}

/** Nothing is read or written there: only names are made from them. */
const REPLAY_PATHS: RunOptions["paths"] = {
  output: "/replay/output",
  work: "/replay/work",
  tftpRoot: "/replay/tftp",
  jobDir: "/replay/job",
  deviceDir: "/replay/device",
};

/** Throws RecordingError when a recording cannot be one of this job. */
export function checkSameJob(recording: Recording, job: ReplayOptions["job"]): void {
  const { facts, name } = recording;
  if (facts.jobName !== undefined && facts.jobName !== job.jobName)
    throw new RecordingError(
      `${name} is a recording of the job "${facts.jobName}", and ${job.jobFile} is "${job.jobName}".`,
      "Give the job that was recorded.",
    );
  const [first] = job.pipeline.actions;
  if (facts.firstAction !== undefined && first && facts.firstAction !== first.name && facts.validation.length === 0)
    throw new RecordingError(
      `${name} is a recording of another job: it begins with ${facts.firstAction}, ${job.jobFile} with ${first.name}.`,
      "Give the job and the device that were recorded.",
    );
}

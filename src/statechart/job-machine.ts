/**
 * Gives a chart its named implementations: pure guards and assignments here, effects as actors from outside.
 * Actions only assign or notify; whatever can fail lives in an actor.
 */
import { assign, fromCallback, fromPromise, setup } from "xstate";
import { type ErrorRecord, isRetryable, toErrorRecord } from "../base/errors.js";
import { deepMerge, type Json, type JsonMap, own } from "../base/json.js";
import { nodesByLevel, parentLevel, resetsBoard } from "../pipeline/action-nodes.js";
import type { ActionNode, Pipeline } from "../pipeline/action-tree.js";
import type { Chart } from "./chart-types.js";
import { type Deadline, initialContext, type JobContext, type JobEvent } from "./job-context.js";
import { abandonTests, noTests, type SignalScope, takePattern, takeSignal } from "./test-signals.js";

type Send = (event: JobEvent) => void;
export interface StepInput extends JsonMap {
  level: string;
}
export interface ServiceInput extends StepInput {
  step: string;
}
export interface ServiceOutput {
  data?: JsonMap;
  extra?: JsonMap;
  skip?: boolean;
}

/**
 * The world, as the chart asks for it. Promises reject with an ErrorRecord; signals abort when the state is left.
 * An effect that needs the chart's context reads the actor's snapshot: it starts after the transition that asked for it.
 */
export interface Effects {
  now(): number;
  /** Whether a service opens a console: only an action that does can be tried again when the console closed. */
  opensConsole(service: string): boolean;
  /** Calls `fire` once the deadline has passed; returns how to disarm it. */
  deadline(level: string, deadline: Deadline, fire: (error: ErrorRecord) => void): () => void;
  validate(signal: AbortSignal): Promise<ErrorRecord[]>;
  service(input: ServiceInput, signal: AbortSignal): Promise<ServiceOutput>;
  /** Evaluates a dialogue's variables. */
  prepare(input: StepInput): Promise<JsonMap>;
  talk(input: StepInput & { state: string }, send: Send, signal: AbortSignal): void;
  watch(input: StepInput, send: Send): () => void;
  settle(input: StepInput, signal: AbortSignal): Promise<never>;
  /** Between attempts: undoes what the subtree left, then waits. */
  pause(input: StepInput & { ms: number }, signal: AbortSignal): Promise<void>;
  cleanup(signal: AbortSignal): Promise<void>;
}

/** What is told along the way. Must not throw. */
export interface Notices {
  started(level: string, context: JobContext): void;
  ended(level: string, context: JobContext, error: ErrorRecord | null): void;
  retrying(level: string, context: JobContext): void;
  phase(level: string, phase: string, state: string): void;
  tests(level: string, context: JobContext): void;
  /** A dialogue's transition gave results (one or a list). */
  results(level: string, results: Json, context: JobContext): void;
  noted(level: string, error: ErrorRecord): void;
  /** No action will run: what dialogues would have had to tell. */
  neverRan(context: JobContext): void;
  /** The job left its own actions. */
  settled(context: JobContext): void;
}

/** The error that an event brings, if it does. */
export function errorOf(event: { type: string; error?: unknown }): ErrorRecord | null {
  if (event.type === "xstate.done.actor.validate:0" || event.error === undefined) return null;
  const error = event.error as Partial<ErrorRecord>;
  return error.class && error.type && error.message !== undefined ? (error as ErrorRecord) : toErrorRecord(event.error);
}

/** Whether a level is below another one. */
const isInside = (level: string | undefined, outer: string): boolean => level?.startsWith(`${outer}.`) === true;

const without = <T>(map: { [key: string]: T }, key: string): { [key: string]: T } =>
  Object.fromEntries(Object.entries(map).filter(([known]) => known !== key));

/** What a dialogue learned of a console counts for the namespace that it belongs to, as well as for the one that shares it. */
function saved(data: JobContext["data"], { namespace, parameters }: ActionNode, save: JsonMap): JobContext["data"] {
  const owner = parameters["connection-namespace"];
  const named = typeof owner === "string" && owner !== namespace ? [namespace, owner] : [namespace];
  return { ...data, ...Object.fromEntries(named.map((name) => [name, deepMerge(own(data, name) ?? {}, save)])) };
}

export function createJobMachine(pipeline: Pipeline, chart: Chart, effects: Effects, notices: Notices) {
  const nodes = nodesByLevel(pipeline.actions);
  const node = (level: string): ActionNode => {
    const found = nodes.get(level);
    if (!found) throw new Error(`no action at level ${level}`);
    return found;
  };
  const finalizeLevel = pipeline.actions.at(-1)?.level ?? "0";
  type Args = { context: JobContext; event: JobEvent };
  type Level = { level: string };

  const deadlineFor = (context: JobContext, level: string): Deadline => {
    const now = effects.now();
    if (level === "0") return { since: now, at: now + pipeline.jobTimeout.seconds * 1000 };
    const own = now + node(level).timeout.seconds * 1000;
    const outer = level === finalizeLevel ? undefined : context.deadlines[parentLevel(level)];
    return { since: now, at: outer ? Math.min(own, outer.at) : own };
  };
  /** Actions run one after the other: only the deadlines around this one are still of use. */
  const outerDeadlines = (context: JobContext, level: string): JobContext["deadlines"] => {
    const outer: JobContext["deadlines"] = {};
    for (let at = level; at !== "0"; ) {
      at = parentLevel(at);
      const deadline = context.deadlines[at];
      if (deadline) outer[at] = deadline;
    }
    return outer;
  };
  /** Whether an action, or one below it, opens a console. */
  const connects = ({ run, conclude, children }: ActionNode): boolean =>
    [run, conclude].some((step) => step?.kind === "service" && effects.opensConsole(step.service)) ||
    children.some(connects);
  /** `dead` boards are only tried again by an action that resets them (users.md B), a console that closed by one that opens it. */
  const mayRetry = (context: JobContext, level: string): boolean => {
    const action = node(level);
    const { error } = context;
    const deadline = context.deadlines[level];
    // What stands before the children belongs to no attempt: the action around tries again.
    const begun = !action.run || action.children.length === 0 || isInside(error?.level, level);
    return (
      error !== null &&
      begun &&
      isRetryable(error) &&
      (context.attempts[level] ?? 1) < action.maxRetries &&
      !(error.board === "dead" && !resetsBoard(action)) &&
      !(error.class === "ConnectionClosedError" && !connects(action)) &&
      (deadline === undefined || effects.now() + action.retryInterval * 1000 < deadline.at)
    );
  };
  const scopeOf = (context: JobContext, level: string): SignalScope => {
    const action = node(level);
    const shared = action.parameters["connection-namespace"];
    const tests = own(context.data, action.namespace)?.tests;
    return {
      now: effects.now(),
      level,
      namespace: action.namespace,
      ...(typeof shared === "string" && { connectionNamespace: shared }),
      tests: (tests ?? {}) as JsonMap,
    };
  };
  const withLevel = (error: ErrorRecord, level: string): ErrorRecord => {
    if (error.level || level === "0") return error;
    const { name, location } = node(level);
    return { ...error, level, action: name, ...(!error.location && location && { location }) };
  };
  const setTests = (context: JobContext, level: string, next: JobContext["tests"][string]) => ({
    tests: { ...context.tests, [node(level).namespace]: next },
  });

  const machine = setup({
    types: {} as { context: JobContext; events: JobEvent },
    actors: {
      deadline: fromCallback<JobEvent, StepInput & { deadline: Json }>(({ input, sendBack }) =>
        effects.deadline(input.level, input.deadline as unknown as Deadline, (error) =>
          sendBack({ type: "deadline", level: input.level, error }),
        ),
      ),
      validate: fromPromise<ErrorRecord[], StepInput>(({ signal }) => effects.validate(signal)),
      service: fromPromise<ServiceOutput, ServiceInput>(({ input, signal }) => effects.service(input, signal)),
      prepare: fromPromise<JsonMap, StepInput>(({ input }) => effects.prepare(input)),
      talk: fromCallback<JobEvent, StepInput & { state: string }>(({ input, sendBack }) => {
        const controller = new AbortController();
        effects.talk(input, sendBack, controller.signal);
        return () => controller.abort();
      }),
      watch: fromCallback<JobEvent, StepInput>(({ input, sendBack }) => effects.watch(input, sendBack)),
      settle: fromPromise<never, StepInput>(({ input, signal }) => effects.settle(input, signal)),
      pause: fromPromise<void, StepInput & { ms: number }>(({ input, signal }) => effects.pause(input, signal)),
      cleanup: fromPromise<void, StepInput>(({ signal }) => effects.cleanup(signal)),
    },
    guards: {
      isLevel: ({ event }, { level }: Level) => "level" in event && event.level === level,
      isDue: ({ context, event }, { level }: Level) => "level" in event && event.level === level && !context.diagnosing,
      took: ({ event }, params: { level: string; state: string; index: number }) =>
        event.type === "dialogue.take" &&
        event.level === params.level &&
        event.state === params.state &&
        event.index === params.index,
      leavesOut: ({ event }) => (event as unknown as { output?: ServiceOutput }).output?.skip === true,
      mayRetry: ({ context }, { level }: Level) => mayRetry(context, level),
      skips: ({ context }, { level }: Level) => context.error?.type === "LAVATimeout" && node(level).skipOnTimeout,
      repeats: ({ context }, { level }: Level) =>
        node(level).repeat && (context.attempts[level] ?? 1) < node(level).maxRetries,
      repeatFailed: ({ context }, { level }: Level) => context.repeatErrors[level] !== undefined,
      diagnosable: ({ context }) =>
        context.error !== null && (context.error.type === "Job" || context.error.type === "Infrastructure"),
      isInvalid: ({ event }) => ((event as unknown as { output: ErrorRecord[] }).output ?? []).length > 0,
    },
    actions: {
      enter: assign(({ context }, { level }: Level) => ({
        deadlines: { ...outerDeadlines(context, level), [level]: deadlineFor(context, level) },
        ...(level !== "0" && node(level).retry && { attempts: { ...context.attempts, [level]: 1 } }),
        // What an earlier attempt left to tell is told.
        ...(context.extras[level] && { extras: without(context.extras, level) }),
        ...(context.pardoned[level] && { pardoned: without(context.pardoned, level) }),
      })),
      failed: assign(({ context, event }: Args, { level }: Level) => {
        const error = errorOf(event as { type: string });
        if (!error) return {};
        return { error: context.error ?? withLevel(error, level) };
      }),
      invalid: assign(({ event }) => {
        const [first, ...further] = (event as unknown as { output: ErrorRecord[] }).output;
        return { error: first ?? null, further };
      }),
      canceled: assign(({ context, event }) => ({
        error: context.error ?? (event.type === "job.cancel" ? event.error : null),
      })),
      noted: assign(({ context, event }: Args, { level }: Level) => {
        const error = context.error ?? errorOf(event as { type: string });
        if (!error) return {};
        const pardoned = node(level).quietFailure ? context.pardoned : { ...context.pardoned, [level]: error };
        return { further: [...context.further, withLevel(error, level)], error: null, pardoned };
      }),
      /** The event's error is told beside the one being handled. */
      beside: assign(({ context, event }: Args, { level }: Level) => {
        const error = errorOf(event as { type: string });
        return error ? { further: [...context.further, withLevel(error, level)] } : {};
      }),
      skipped: assign(({ context }, { level }: Level) =>
        context.error
          ? {
              further: [...context.further, context.error],
              error: null,
              pardoned: { ...context.pardoned, [level]: context.error },
            }
          : {},
      ),
      settle: assign(({ context }) =>
        context.verdict
          ? { error: null, further: context.error ? [...context.further, context.error] : context.further }
          : { verdict: context.error, error: null },
      ),
      nextAttempt: assign(({ context }, { level }: Level) => {
        const { error } = context;
        return {
          attempts: { ...context.attempts, [level]: (context.attempts[level] ?? 1) + 1 },
          error: null,
          ...(node(level).repeat && error && { repeatErrors: { ...context.repeatErrors, [level]: error } }),
        };
      }),
      repeatError: assign(({ context }, { level }: Level) => ({ error: context.repeatErrors[level] ?? null })),
      served: assign(({ context, event }: Args, { level }: Level) => {
        const { data, extra } = ((event as unknown as { output?: ServiceOutput }).output ?? {}) as ServiceOutput;
        const { namespace } = node(level);
        return {
          ...(data && { data: { ...context.data, [namespace]: deepMerge(own(context.data, namespace) ?? {}, data) } }),
          ...(extra && { extras: { ...context.extras, [level]: deepMerge(context.extras[level] ?? {}, extra) } }),
        };
      }),
      diagnosing: assign((_, { on }: { on: boolean }) => ({ diagnosing: on })),
      diagnosed: assign(({ context, event }: Args) => {
        const { extra } = ((event as unknown as { output?: ServiceOutput }).output ?? {}) as ServiceOutput;
        const found = extra?.advice;
        return context.error && typeof found === "string" ? { error: { ...context.error, advice: found } } : {};
      }),
      prepared: assign(({ context, event }: Args, { level }: Level) => ({
        dialogues: { ...context.dialogues, [level]: (event as unknown as { output: JsonMap }).output },
      })),
      took: assign(({ context, event }: Args, { level }: Level) => {
        if (event.type !== "dialogue.take") return {};
        return {
          ...(event.assign && {
            dialogues: { ...context.dialogues, [level]: { ...context.dialogues[level], ...event.assign } },
          }),
          ...(event.extra && {
            extras: { ...context.extras, [level]: deepMerge(context.extras[level] ?? {}, event.extra) },
          }),
          ...(event.save && { data: saved(context.data, node(level), event.save) }),
        };
      }),
      takeSignal: assign(({ context, event }: Args) => {
        if (event.type !== "test.signal" && event.type !== "test.pattern") return {};
        const { level } = event;
        const state = own(context.tests, node(level).namespace) ?? noTests();
        const scope = scopeOf(context, level);
        return setTests(
          context,
          level,
          event.type === "test.signal"
            ? takeSignal(state, event, scope)
            : takePattern(state, event.groups, event.line, scope),
        );
      }),
      abandonTests: assign(({ context }, { level }: Level) => {
        const state = own(context.tests, node(level).namespace);
        return state ? setTests(context, level, abandonTests(state, scopeOf(context, level))) : {};
      }),
      tellTests: ({ context, event }, params?: Partial<Level>) =>
        notices.tests(params?.level ?? ("level" in event ? event.level : "0"), context),
      tellResults: ({ context, event }, { level }: Level) => {
        if (event.type === "dialogue.take" && event.results !== undefined)
          notices.results(level, event.results, context);
      },
      started: ({ context }, { level }: Level) => notices.started(level, context),
      ended: ({ context, event }, { level }: Level) =>
        notices.ended(
          level,
          context,
          context.error ?? errorOf(event as { type: string }) ?? context.pardoned[level] ?? null,
        ),
      retrying: ({ context }, { level }: Level) => notices.retrying(level, context),
      phase: (_, { level, phase, state }: { level: string; phase: string; state: string }) =>
        notices.phase(level, phase, state),
      tellNeverRan: ({ context }) => notices.neverRan(context),
      tellSettled: ({ context }) => notices.settled(context),
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: the chart is loosely typed on purpose (chart-types.ts)
  return machine.createMachine({ ...(withLiveInputs(chart) as any), context: initialContext() });
}

/** Inputs of a chart are static JSON; a deadline's absolute time joins them when the state is entered. */
function withLiveInputs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLiveInputs);
  if (typeof value !== "object" || value === null) return value;
  const copy: { [key: string]: unknown } = {};
  for (const [key, item] of Object.entries(value))
    copy[key] = key === "meta" || key === "input" ? item : withLiveInputs(item);
  if (copy.src === "deadline") {
    const input = copy.input as StepInput;
    copy.input = ({ context }: { context: JobContext }) => ({ ...input, deadline: context.deadlines[input.level] });
  }
  return copy;
}

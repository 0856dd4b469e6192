import { ConnectionClosedError, type ErrorRecord, makeError, TestError, toErrorRecord } from "../base/errors.js";
import { type Json, type JsonMap, own } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Console, Match, Pattern, SendOptions } from "../connections/types.js";
import { dialogueStep } from "../pipeline/action-nodes.js";
import type { ActionNode, Step } from "../pipeline/action-tree.js";
import { transitionsOf } from "../statechart/dialogue-chart.js";
import type { JobEvent } from "../statechart/job-context.js";
import { type CelScope, evaluateCel, evaluateText, evaluateTree } from "../strategies/cel.js";
import type { DialogueTransition } from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";
import { connectionClosed } from "./connection-closed.js";
import { noConsole } from "./console-check.js";
import { asList, controls, openQuestion } from "./open-question.js";
import type { Runtime } from "./runtime.js";
import type { Awaiting } from "./stuck-report.js";

type Heard = Pick<Match, "text" | "line" | "pattern" | "index" | "groups" | "named" | "sooner">;

/** Part of the time that is left after which a silent board's finished lines are searched for the prompt. */
const LATE_SILENCE = 0.25;
/** And a board's that is never silent. */
const LATEST = 0.8;

/** What is typed only to be given a new prompt. */
const EMPTY_LINES = ["", "#"];

/**
 * One state of a dialogue: says what the state says, listens, and sends the chart one `dialogue.take` event with the
 * transition and all its values already evaluated. Ends when its signal aborts (the state was left).
 */
export class Talk {
  #runtime: Runtime;
  #node: ActionNode;
  #state: string;
  #send: (event: JobEvent) => void;
  #signal: AbortSignal;
  #awaiting: Awaiting | undefined;
  /** The question that nobody answers. */
  #asked = "";
  #transitions: DialogueTransition[];
  #step: Extract<Step, { kind: "dialogue" }>;

  constructor(runtime: Runtime, level: string, state: string, send: (event: JobEvent) => void, signal: AbortSignal) {
    this.#runtime = runtime;
    this.#node = runtime.node(level);
    this.#state = state;
    this.#send = send;
    this.#signal = signal;
    const step = dialogueStep(this.#node);
    if (!step) throw new Error(`action ${level} has no dialogue`);
    this.#step = step;
    this.#transitions = transitionsOf(step.dialogue, state);
  }

  async run(): Promise<void> {
    try {
      await this.#talk();
    } catch (error) {
      if (!this.#signal.aborted) this.#fail(toErrorRecord(error));
    } finally {
      // The next state of the dialogue may wait already.
      const { awaiting } = this.#runtime;
      const { level } = this.#node;
      if (awaiting.get(level) === this.#awaiting) awaiting.delete(level);
    }
  }

  async #talk(): Promise<void> {
    const { level } = this.#node;
    const console = this.#runtime.consoles.of(this.#node);
    if (!console) throw noConsole(this.#node.name);
    this.#runtime.consoles.handOn(this.#node, console);
    const definition = this.#step.dialogue.states[this.#state];
    if (!definition) throw new Error(`dialogue ${this.#step.dialogue.dialogue} has no state ${this.#state}`);
    const stops: (() => void)[] = [];
    this.#signal.addEventListener("abort", () => stops.forEach((stop) => void stop()), { once: true });
    if (definition.signals) stops.push(this.#listenToTests(console));
    if (definition.send) await this.#say(console);
    if (this.#signal.aborted) return;
    const { always = [], after, silence } = definition;
    if (this.#takeFirst((t) => always.includes(t))) return;
    if (after) {
      const ms = Number(evaluateCel(after.delay, this.#scope()));
      const timer = this.#runtime.clock.setTimeout(() => this.#takeFirst((t) => t === after), ms);
      stops.push(() => this.#runtime.clock.clearTimeout(timer));
    }
    if (silence) void this.#takeAfterSilence(console, silence);
    const patterns: Pattern[] = [];
    const owners: { transition: number; index: number }[] = [];
    this.#transitions.forEach((transition, at) => {
      const expression = transition.prompt ?? transition.pattern;
      if (!expression || this.#firstWith(expression) !== at) return;
      asList(evaluateCel(expression, this.#scope())).forEach((source, index) => {
        const kind = transition.prompt ? "prompt" : "pattern";
        const same = this.#transitions.filter((t) => (t.prompt ?? t.pattern) === expression);
        const { caret, echo, loose } = transition;
        patterns.push({
          source,
          kind,
          index: owners.length,
          // What ends an action by an error has to be sure.
          ...(kind === "prompt" && { finished: same.some((t) => !t.error) }),
          ...(same.some((t) => t.error || t.log || t.result !== undefined) && { wholeLine: true }),
          ...(caret && { caret }),
          ...(echo && { echo }),
          ...(loose && { loose }),
        });
        owners.push({ transition: at, index });
      });
    });
    this.#awaiting = { level, state: this.#state, since: this.#runtime.clock.now(), patterns, console };
    this.#runtime.awaiting.set(level, this.#awaiting);
    this.#runtime.awaited.set(level, patterns);
    this.#runtime.sayWaiting(this.#node, patterns);
    if (patterns.length === 0 && definition.signals) {
      // Only signals are awaited; the end of the line still has to be noticed.
      const reason = await Promise.race([console.closed, aborted(this.#signal)]);
      if (reason && !this.#signal.aborted) throw connectionClosed(reason.message);
      return;
    }
    while (patterns.length > 0 && !this.#signal.aborted) {
      const match = await console.expect(patterns, this.#signal, { finished: this.#lateRule() });
      if (match.in) this.#warnOf(match);
      const owner = owners[match.index];
      if (!owner || this.#signal.aborted) return;
      const { end, ...said } = match;
      const heard: Heard = { ...said, index: owner.index };
      const first = this.#transitions[owner.transition] as DialogueTransition;
      const expression = first.prompt ?? first.pattern;
      this.#takeFirst((t) => (t.prompt ?? t.pattern) === expression, heard, end);
    }
  }

  async #takeAfterSilence(console: Console, silence: DialogueTransition & { delay: string }): Promise<void> {
    try {
      const { clock } = this.#runtime;
      const ms = Number(evaluateCel(silence.delay, this.#scope()));
      for (let from = clock.now(); ; ) {
        await console.silence(ms, this.#signal);
        // A board that was silent before counts from here: else it would be woken up again without a pause.
        const left = from + ms - clock.now();
        if (left > 0) await this.#pause(left);
        else if (this.#wouldAnswer(console, silence)) from = clock.now();
        else if (this.#signal.aborted || this.#takeFirst((t) => t === silence)) return;
        else from = clock.now();
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#fail(toErrorRecord(error));
    }
  }

  /** A prompt that stands in finished lines only is taken early enough that no timeout comes first. */
  #lateRule(): { silence: number; at: number } {
    const { clock } = this.#runtime;
    const wanted = Number(evaluateCel("constants.console.line_as_prompt_after", this.#scope()));
    const at = this.#runtime.context().deadlines[this.#node.level]?.at;
    const left = at === undefined ? Number.POSITIVE_INFINITY : Math.max(0, at - clock.now());
    return { silence: Math.min(wanted, left * LATE_SILENCE), at: clock.now() + left * LATEST };
  }

  #warnOf({ pattern, line, in: where }: Match): void {
    const wanted = JSON.stringify(pattern);
    this.#runtime.log.warning(
      where === "echo"
        ? `Only the echo of what was typed matches ${wanted}, and counts as nothing better came: ${line}`
        : `No prompt came, but a line of the output matches ${wanted} and is taken for it: ${line}`,
    );
  }

  /** Whether an empty line, which is to bring a new prompt, would be the answer to what the board asks. */
  #wouldAnswer(console: Console, { target }: DialogueTransition): boolean {
    const line = target === undefined ? undefined : this.#step.dialogue.states[target]?.send?.line;
    if (line === undefined || !EMPTY_LINES.includes(evaluateText(line, this.#scope()))) return false;
    const last = openQuestion(this.#runtime, this.#node, console);
    if (last === undefined) return false;
    if (last !== this.#asked)
      this.#runtime.log.warning(`The board asks, and nothing is typed that would be an answer: ${last}`);
    this.#asked = last;
    return true;
  }

  /** Ends after `ms` or when the state is left. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#runtime.clock.setTimeout(resolve, ms);
      this.#signal.addEventListener(
        "abort",
        () => {
          this.#runtime.clock.clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  #firstWith(expression: string): number {
    return this.#transitions.findIndex((t) => (t.prompt ?? t.pattern) === expression);
  }

  #scope(match?: Heard): CelScope {
    return this.#runtime.scope(this.#node, match as unknown as JsonMap | undefined);
  }

  async #say(console: Console): Promise<void> {
    const { send } = this.#step.dialogue.states[this.#state] ?? {};
    if (!send) return;
    const scope = this.#scope();
    const text =
      send.line !== undefined
        ? evaluateText(send.line, scope)
        : send.text !== undefined
          ? evaluateText(send.text, scope)
          : controls(asList(evaluateCel(send.control ?? "[]", scope)));
    const echo =
      typeof send.echo === "string" ? evaluateCel(send.echo, scope) === true : (send.echo ?? send.line !== undefined);
    const delay = send.delay === undefined ? 0 : Number(evaluateCel(send.delay, scope) ?? 0);
    const options: SendOptions = {
      echo,
      delay,
      lineEnd: send.line === undefined ? "" : evaluateText(send.end ?? "null", scope) || "\n",
      secret: send.secret === true,
    };
    this.#runtime.log.log(
      "debug",
      send.secret
        ? `Sending a secret`
        : send.line === undefined
          ? `Sending ${JSON.stringify(text)}`
          : `Sending line: ${JSON.stringify(text)}`,
    );
    await console.send(text, options);
  }

  /** Takes the first of the chosen transitions whose guard holds. */
  #takeFirst(chosen: (transition: DialogueTransition) => boolean, match?: Heard, end?: number): boolean {
    if (this.#signal.aborted) return false;
    try {
      const scope = this.#scope(match);
      for (const [index, transition] of this.#transitions.entries()) {
        if (!chosen(transition)) continue;
        if (transition.guard !== undefined && evaluateCel(transition.guard, scope) !== true) continue;
        if (end !== undefined && this.#isExplained(transition, end)) return true;
        this.#take(index, transition, scope, match);
        return true;
      }
    } catch (error) {
      this.#fail(toErrorRecord(error));
      return true;
    }
    return false;
  }

  /** What was awaited proves an alarm wrong; an error may be its consequence, and is left to it. */
  #isExplained({ error }: DialogueTransition, end: number): boolean {
    const alarms = this.#runtime.watching.get(this.#node.level);
    if (error && alarms?.explains()) return true;
    alarms?.came(end);
    return false;
  }

  #take(index: number, transition: DialogueTransition, scope: CelScope, match?: Heard): void {
    const { level } = this.#node;
    const event: Extract<JobEvent, { type: "dialogue.take" }> = {
      type: "dialogue.take",
      level,
      state: this.#state,
      index,
    };
    if (match) event.match = match as unknown as Json;
    if (transition.log) this.#runtime.log.log(transition.log.level, renderText(transition.log.message, scope));
    if (transition.assign) event.assign = evaluateTree(transition.assign, scope) as JsonMap;
    if (transition.result !== undefined) event.results = evaluateTree(transition.result, scope);
    if (transition.incomplete !== undefined) event.incomplete = evaluateCel(transition.incomplete, scope);
    if (transition.extra) event.extra = evaluateTree(transition.extra, scope) as JsonMap;
    if (transition.save) event.save = evaluateTree(transition.save, scope) as JsonMap;
    if (transition.error) {
      const { class: name, message, advice, board, kind } = transition.error;
      if (kind) this.#runtime.notices.noteFatal(level, kind, match?.pattern ?? "");
      event.error = toErrorRecord(
        makeError(name, renderText(message, scope), {
          ...(advice && { advice: renderText(advice, scope) }),
          ...(board && { board }),
        }),
      );
    }
    this.#send(event);
  }

  #fail(error: ErrorRecord): void {
    const { level } = this.#node;
    // An alarm whose grace had not passed says why the line has ended.
    const alarm = error.class === ConnectionClosedError.name ? this.#runtime.watching.get(level)?.error() : undefined;
    this.#send({ type: "dialogue.failed", level, error: alarm ?? error });
  }

  /** Test signals become events of the chart; a definition's own pattern is looked for in the lines of its run. */
  #listenToTests(console: Console): () => void {
    const { level, namespace } = this.#node;
    let pattern: RegExp | undefined;
    const signals = console.signals.subscribe((signal) => {
      if (this.#signal.aborted) return;
      this.#runtime.watching.get(level)?.came();
      const { name, params, complete, raw } = signal;
      if (name === "STARTRUN") pattern = this.#patternOf(namespace, params[0]);
      if (name === "ENDRUN") pattern = undefined;
      this.#send({ type: "test.signal", level, name, params, complete, raw, line: this.#runtime.log.lastLine() });
      const heard: Heard = { text: params.join(" "), line: raw, pattern: name, index: 0, groups: params, named: {} };
      this.#takeFirst((t) => t.signal === name, heard);
    });
    const lines = console.events.subscribe((event) => {
      if (event.kind !== "lines" || !pattern || this.#signal.aborted) return;
      // They are in the log already.
      const first = this.#runtime.log.lastLine() - event.lines.length + 1;
      for (const [index, text] of event.lines.entries()) {
        const found = pattern.exec(text);
        if (found?.groups)
          this.#send({ type: "test.pattern", level, groups: { ...found.groups }, line: first + index });
      }
    });
    return () => {
      signals.unsubscribe();
      lines.unsubscribe();
    };
  }

  #patternOf(namespace: string, id: string | undefined): RegExp | undefined {
    const tests = own(this.#runtime.context().data, namespace)?.tests ?? {};
    for (const test of Object.values(tests as { [key: string]: JsonMap }))
      if (test.id === id && typeof test.pattern === "string") {
        try {
          return pythonRegExp(test.pattern);
        } catch (error) {
          throw new TestError(`The parse pattern of ${id} is not a regular expression: ${(error as Error).message}`);
        }
      }
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

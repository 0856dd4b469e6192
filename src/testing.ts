/**
 * `lava-dispatch/testing`: recordings of boards as tests of a lab's own repository, with vitest or any other runner.
 *
 *     import { replay } from "lava-dispatch/testing";
 *     test("the board comes up", () => replay("my-board.cast").reaches("auto-login-action"));
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RealClock } from "./base/clock.js";
import { loadReplay, replayLoaded } from "./cli/execute-replay-inputs.js";
import { UsageError } from "./cli/usage-error.js";
import { compareGolden, type Golden, goldenOf, messageOf, outcomeOf, parseGolden } from "./replay/golden.js";
import { goldenFile } from "./replay/recording-folders.js";
import { isAt, traceLine } from "./replay/trace.js";
import type { Replay, Replayed, Replaying, ReplaySettings } from "./testing-api.js";

/** States that a failure shows. */
const SHOWN = 8;

/** What a recording does is not what a test expects: says what happened instead. */
export class ReplayFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReplayFailure";
  }
}

type WithGolden = Replayed & { golden: Golden };

class LazyReplay implements Replaying {
  readonly #recording: string;
  readonly #settings: ReplaySettings;
  #result: Promise<WithGolden> | undefined;

  constructor(recording: string, settings: ReplaySettings) {
    this.#recording = recording;
    this.#settings = settings;
  }

  result(): Promise<Replayed> {
    return this.#run();
  }

  async reaches(state: string): Promise<Replayed> {
    const result = await this.#run();
    if (!result.states.some((step) => isAt(step, state))) throw this.#failure(`does not reach ${state}`, result);
    return result;
  }

  async ends(verdict: Replayed["verdict"]): Promise<Replayed> {
    const result = await this.#run();
    if (result.status !== "ended" || result.verdict !== verdict)
      throw this.#failure(`does not end with ${verdict}`, result);
    return result;
  }

  passes(): Promise<Replayed> {
    return this.ends("pass");
  }

  async failsWith(words: string | RegExp): Promise<Replayed> {
    const result = await this.#run();
    const told = typeof words === "string" ? result.message.includes(words) : words.test(result.message);
    if (result.status !== "ended" || result.verdict === "pass" || !told)
      throw this.#failure(`does not fail with ${words}`, result);
    return result;
  }

  async matchesGolden(): Promise<Replayed> {
    const result = await this.#run();
    const file = goldenFile(resolve(this.#cwd, this.#recording));
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      throw new ReplayFailure(`${file} is missing.\n  Write it: lava-dispatch replay --against <folder> --update`);
    }
    const change = compareGolden(parseGolden(text, file), result.golden);
    if (!change) return result;
    const { before, now, difference } = change;
    const at =
      difference && `\n  first difference at ${difference.t / 1000} s: ${difference.before} -> ${difference.now}`;
    throw new ReplayFailure(
      `${this.#recording} is not as in its golden trace\n  before: ${before}\n  now:    ${now}${at ?? ""}`,
    );
  }

  get #cwd(): string {
    return this.#settings.cwd ?? process.cwd();
  }

  #run(): Promise<WithGolden> {
    this.#result ??= this.#replay().catch((error) => {
      if (!(error instanceof UsageError)) throw error;
      throw new ReplayFailure(`${error.message}${error.hint ? `\n  ${error.hint}` : ""}`);
    });
    return this.#result;
  }

  async #replay(): Promise<WithGolden> {
    const loaded = await loadReplay(this.#recording, this.#settings, { cwd: this.#cwd });
    const result = await replayLoaded(loaded, { version: "testing", clock: new RealClock() }, {});
    const { status, report, trace, stuck, virtual } = result;
    const results = Object.fromEntries(
      report.suites.map(({ name, cases }) => [
        name,
        Object.fromEntries(cases.filter(({ final }) => final).map((each) => [each.name, each.result])),
      ]),
    );
    return {
      status,
      verdict: report.verdict.class,
      outcome: outcomeOf(result),
      message: messageOf(result),
      states: trace,
      results,
      stuck,
      duration: virtual,
      golden: goldenOf(result),
    };
  }

  #failure(what: string, { outcome, message, states, stuck }: Replayed): ReplayFailure {
    const last = states.slice(-SHOWN).map((step) => `    ${traceLine(step)}`);
    const lines = [
      `${this.#recording} ${what}`,
      `  outcome: ${outcome}${message ? `: ${message}` : ""}`,
      "  last states:",
      ...last,
      ...stuck.map((line) => `  stuck: ${line}`),
    ];
    return new ReplayFailure(lines.join("\n"));
  }
}

export const replay: Replay = (recording, settings = {}) => new LazyReplay(recording, settings);

export type { Replay, Replayed, ReplayedState, Replaying, ReplaySettings } from "./testing-api.js";

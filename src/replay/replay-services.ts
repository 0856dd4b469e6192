/** The services of a replay: nothing of the world is touched. */
import { isDeepStrictEqual } from "node:util";
import {
  type DispatchError,
  ERROR_CLASS_NAMES,
  type ErrorClassName,
  type ErrorRecord,
  makeError,
} from "../base/errors.js";
import { type JsonMap, own } from "../base/json.js";
import type { Service, ServiceContext, ServiceRegistry, ServiceResult } from "../services/types.js";
import { assumedAnswer, opensConsole } from "./assumed-answers.js";
import type { RecordedAnswer, RecordingFacts } from "./recording.js";
import type { ReplayLines } from "./replay-lines.js";

/** Class by `error_type`, for records whose class is not known here. */
const CLASSES: { [type: string]: ErrorClassName } = {
  Infrastructure: "InfrastructureError",
  Job: "JobError",
  Test: "TestError",
  Configuration: "ConfigurationError",
  Canceled: "JobCanceled",
  LAVATimeout: "LAVATimeoutError",
  MultinodeTimeout: "MultinodeProtocolTimeoutError",
};

const errorOf = (record: ErrorRecord, fallback: ErrorClassName): DispatchError => {
  const { class: name, type, message, advice, board } = record;
  const known =
    ERROR_CLASS_NAMES.find((candidate) => candidate === name) ?? (name === "" ? fallback : own(CLASSES, type));
  return makeError(known ?? "LAVABug", message, { ...(advice && { advice }), ...(board && { board }) });
};

/** Virtual time passes. Rejects with the signal's reason. */
function pass(ms: number, { clock, signal }: ServiceContext): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const aborted = () => {
      clock.clearTimeout(timer);
      reject(signal.reason);
    };
    const timer =
      ms === Number.POSITIVE_INFINITY
        ? undefined
        : clock.setTimeout(() => {
            signal.removeEventListener("abort", aborted);
            resolve();
          }, ms);
    signal.addEventListener("abort", aborted, { once: true });
  });
}

/** The recorded answers, each given once; asked more often than then, the last one stands for all that follow. */
class Answers {
  readonly #left: RecordedAnswer[];
  readonly #given: RecordedAnswer[] = [];
  constructor(answers: RecordedAnswer[]) {
    this.#left = [...answers];
  }

  /** The next answer of this service in this action: that to the same question before others. */
  take(service: string, { name, level }: ServiceContext["action"], input: JsonMap): RecordedAnswer | undefined {
    const fits = (answer: RecordedAnswer) => answer.action === name && (answer.service ?? service) === service;
    const candidates = this.#left.filter(fits);
    const found =
      candidates.find((answer) => answer.level === level && isDeepStrictEqual(answer.input ?? {}, input)) ??
      candidates.find((answer) => answer.input !== undefined && isDeepStrictEqual(answer.input, input)) ??
      candidates.find((answer) => answer.level === level) ??
      candidates[0];
    if (!found) return this.#given.findLast((answer) => fits(answer) && answer.outcome !== "stopped");
    this.#left.splice(this.#left.indexOf(found), 1);
    this.#given.push(found);
    return found;
  }
}

/**
 * Services that answer as they did when the recording was made, and take as long; those that touch nothing outside run
 * as they are, so that a change in what would be typed is seen. What the recording cannot say is taken as succeeded.
 */
export function replayServices(facts: RecordingFacts, real: ServiceRegistry, lines: ReplayLines): ServiceRegistry {
  const answers = new Answers(facts.answers);
  let validation = [...facts.validation];

  const validate: NonNullable<Service["validate"]> = async (_input, { action }) => {
    const here = validation.filter(({ level }) => level === undefined || level === action.level);
    validation = validation.filter((error) => !here.includes(error));
    return here.map((error) => errorOf(error, "JobError"));
  };

  const run = async (name: string, input: JsonMap, context: ServiceContext): Promise<ServiceResult | undefined> => {
    const { action, log } = context;
    const recorded = answers.take(name, action, input);
    if (recorded?.outcome === "stopped") await pass(Number.POSITIVE_INFINITY, context);
    if (recorded) await pass(recorded.duration, context);
    if (recorded?.outcome === "error" && recorded.error) throw errorOf(recorded.error, action.commandError);
    const known = recorded?.service !== undefined;
    log.debug(known ? `${name}: as recorded` : `${name}: taken as succeeded`);
    if (opensConsole(name, context)) {
      const { console: old } = context;
      if (old) {
        context.setConsole(undefined);
        await old.close();
      }
      context.setConsole(context.openConsole(lines.open(action.level, action.name), action.name));
    }
    if (known) return (recorded.output ?? {}) as ServiceResult;
    return assumedAnswer(name, input, context, facts.known);
  };

  const make = (name: string, service: Service | undefined): Service =>
    service && touchesNothing(service)
      ? {
          ...service,
          run: (input, context) => (service.pure?.(input) ? service.run(input, context) : run(name, input, context)),
        }
      : {
          name,
          validate,
          ...(service?.opensConsole && { opensConsole: true }),
          run: (input, context) => run(name, input, context),
        };
  const all = new Map<string, Service>();
  return new Proxy(real, {
    get(known, name: string) {
      const service = all.get(name) ?? make(name, known[name]);
      all.set(name, service);
      return service;
    },
  });
}

const touchesNothing = (service: Service): boolean => service.pure !== undefined;

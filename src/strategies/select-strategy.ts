import type { ErrorClassName } from "../base/errors.js";
import type { Location } from "../base/problem.js";
import { type CelScope, evaluateCondition } from "./cel.js";
import type { ConditionDefinition, StrategyDefinition } from "./machines-types.js";
import { renderText } from "./text.js";

/** Why a strategy does not take a block. */
export interface Refusal {
  strategy: string;
  /** Conditions that hold, of how many. */
  readonly held: number;
  of: number;
  /** Its first condition holds: the block names its method. */
  meant: boolean;
  /** The first condition that does not hold; empty when all hold and another strategy came first. */
  condition: string;
  /** Made when it is asked for: most refusals are never read. */
  readonly reason: string;
  /** The condition's place in machines/. */
  location: Location;
}

export interface SelectionResult {
  chosen?: StrategyDefinition;
  /** All others, in the order in which they were asked. */
  refused: Refusal[];
  /** None was chosen: who came nearest, if any holds its first condition, and the class to refuse the job with. */
  nearest?: Refusal;
  errorClass?: ErrorClassName;
}

interface Verdict {
  strategy: StrategyDefinition;
  held: () => number;
  failed?: ConditionDefinition;
  reason: () => string;
  /** All conditions before a failed one with `refuse` hold. */
  refuse?: ErrorClassName;
}

/** Whether a condition holds; one that has no value (junk in the block) does not, and says why. */
function judgeCondition({ cel, location }: ConditionDefinition, scope: CelScope): { holds: boolean; why: string } {
  try {
    return { holds: evaluateCondition(cel, scope, location), why: "" };
  } catch (error) {
    return { holds: false, why: (error as Error).message };
  }
}

/** Evaluates the conditions up to the first that does not hold; the others when it is asked how many hold. */
function judge(strategy: StrategyDefinition, scope: CelScope): Verdict {
  const { accepts } = strategy;
  const held = () => accepts.filter((condition) => judgeCondition(condition, scope).holds).length;
  for (const condition of accepts) {
    const { holds, why } = judgeCondition(condition, scope);
    if (holds) continue;
    const { cel, otherwise, refuse } = condition;
    const reason = () => (otherwise ? renderText(otherwise, scope) : why || `\`${cel}\` does not hold`);
    return { strategy, held, reason, failed: condition, ...(refuse && { refuse }) };
  }
  return { strategy, held, reason: () => "" };
}

const refusal = ({ strategy, held, failed, reason }: Verdict): Refusal => ({
  strategy: strategy.strategy,
  get held() {
    return held();
  },
  of: strategy.accepts.length,
  condition: failed?.cel ?? "",
  meant: failed !== strategy.accepts[0],
  get reason() {
    return reason();
  },
  location: failed?.location ?? strategy.location,
});

/**
 * Picks the strategy of a block (spec device.md §5): candidates are asked in their order, those that accept are sorted
 * stably by priority, the first wins. Without one, `nearest` is the strategy whose method was meant (its first
 * condition holds) and of these the one with most conditions held.
 */
export function selectStrategy(candidates: StrategyDefinition[], scope: CelScope): SelectionResult {
  const verdicts = candidates.map((strategy) => judge(strategy, scope));
  const fatal = verdicts.find((verdict) => verdict.refuse);
  const accepting = verdicts.filter((verdict) => !verdict.failed);
  accepting.sort((a, b) => b.strategy.priority - a.strategy.priority);
  const winner = fatal ? undefined : accepting[0];
  const refused = verdicts
    .filter((verdict) => verdict !== winner)
    .map((verdict) =>
      refusal(
        winner && !verdict.failed
          ? { ...verdict, reason: () => `accepts as well, but ${winner.strategy.strategy} comes first` }
          : verdict,
      ),
    );
  if (winner) return { chosen: winner.strategy, refused };
  const meant = verdicts.filter(({ failed, strategy }) => failed !== strategy.accepts[0]);
  const nearest =
    fatal ?? meant.sort((a, b) => b.held() - a.held() || a.strategy.accepts.length - b.strategy.accepts.length)[0];
  return {
    refused,
    ...(nearest && { nearest: refusal(nearest) }),
    errorClass: nearest?.refuse ?? "JobError",
  };
}

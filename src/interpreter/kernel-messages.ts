import { pythonRegExp } from "../base/python-regexp.js";
import type { Console } from "../connections/types.js";
import { type CelScope, evaluateCel } from "../strategies/cel.js";
import type { WatcherDefinition } from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";

/** A message of the kernel's own, e.g. an oops with its call trace. */
export interface KernelMessage {
  kind: string;
  message: string;
}

/** A message of many lines is cut here (characters). */
const LONGEST_MESSAGE = 64 * 1024;
/** A message whose end mark does not come is complete after this silence (ms). */
const DEFAULT_SETTLE = 2000;

interface Pattern {
  watcher: WatcherDefinition;
  starts: RegExp[];
  end: RegExp | undefined;
}
interface Block {
  pattern: Pattern;
  lines: string[];
  size: number;
  over: AbortController;
}

/** The patterns of the watchers that only take notes, in their order. */
function patternsOf(watchers: WatcherDefinition[], scope: CelScope): Pattern[] {
  return watchers.map((watcher) => {
    const sources = evaluateCel(watcher.pattern ?? "[]", scope);
    const end = watcher.until === undefined ? undefined : evaluateCel(watcher.until, scope);
    return {
      watcher,
      starts: (Array.isArray(sources) ? sources : [sources]).map((source) => pythonRegExp(String(source))),
      end: typeof end === "string" ? pythonRegExp(end) : undefined,
    };
  });
}

/** Few expressions that match where one of these does: what refers to its own groups stays alone. */
function anyOf(expressions: RegExp[]): RegExp[] {
  const alone = expressions.filter(({ source }) => /\(\?<|\\[1-9k]/.test(source));
  const joined = new Map<string, string[]>();
  for (const { source, flags } of expressions.filter((expression) => !alone.includes(expression)))
    joined.set(flags, [...(joined.get(flags) ?? []), `(?:${source})`]);
  return [...alone, ...[...joined].map(([flags, sources]) => new RegExp(sources.join("|"), flags))];
}

/**
 * Reads the kernel's messages off the lines of a console (spec runtime.md §6): each from the line that begins it to its
 * end mark, or to a silence. What stands in between belongs to it, however the bytes came.
 */
export class MessageReader {
  /** Stops what gives it the lines. */
  onClose: () => void = () => {};
  readonly #patterns: Pattern[];
  /** Any of their beginnings: most lines have none. */
  readonly #any: RegExp[];
  readonly #console: Console;
  readonly #scope: () => CelScope;
  readonly #tell: (message: KernelMessage) => void;
  #open: Block | undefined;
  #last: string | undefined;
  /** What was read behind somebody else's line: it counts when that line is none of theirs. */
  #aside: KernelMessage[] | undefined;

  constructor(
    watchers: WatcherDefinition[],
    console: Console,
    scope: () => CelScope,
    tell: (message: KernelMessage) => void,
  ) {
    this.#patterns = patternsOf(watchers, scope());
    this.#any = anyOf(this.#patterns.flatMap(({ starts }) => starts));
    this.#console = console;
    this.#scope = scope;
    this.#tell = tell;
  }

  /** @param phase whose the console is */
  read(lines: string[], phase: string): void {
    for (const line of lines) {
      if (this.#last !== undefined && !this.#aside && line.includes(this.#last)) {
        this.finish();
        this.#aside = [];
      } else if (this.#open) this.#add(this.#open, line, line);
      else this.#begin(line, phase);
    }
  }

  /** Reads up to this line, which is somebody else's; the beginning of it is enough. */
  endBefore(line: string): void {
    this.#last = line.trim().slice(0, 60);
  }

  /** That line was none of somebody else's. */
  goOn(): void {
    const aside = this.#aside ?? [];
    this.#last = undefined;
    this.#aside = undefined;
    aside.forEach(this.#tell);
  }

  /** Nothing more is read. */
  close(): void {
    this.onClose();
    this.finish();
  }

  /**
   * Something is typed: what is being read ended before the line that is answered, which may stand in it already.
   * @param line the one that has not ended
   */
  answered(line: string): void {
    const asks = line.trim();
    const lines = this.#open?.lines ?? [];
    const at = asks === "" ? -1 : lines.findIndex((one, index) => index > 0 && one.trim().startsWith(asks));
    if (at > 0) lines.length = at;
    this.finish();
  }

  /** What is being read is complete as it stands. */
  finish(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    open.over.abort();
    const message = open.lines.join("\r\n").trimEnd();
    const kind = renderText(open.pattern.watcher.kind ?? "", { ...this.#scope(), message });
    const told = { kind: kind || kindOf(message), message };
    if (this.#aside) this.#aside.push(told);
    else this.#tell(told);
  }

  #begin(line: string, phase: string): void {
    if (!this.#any.some((beginning) => beginning.test(line))) return;
    let first: { pattern: Pattern; at: number; end: number } | undefined;
    for (const pattern of this.#patterns) {
      if (!pattern.watcher.phases.includes(phase)) continue;
      for (const start of pattern.starts) {
        const found = start.exec(line);
        if (found && (!first || found.index < first.at))
          first = { pattern, at: found.index, end: found.index + found[0].length };
      }
    }
    if (!first) return;
    const { pattern } = first;
    this.#open = { pattern, lines: [], size: 0, over: new AbortController() };
    this.#add(this.#open, line, line.slice(first.end));
    if (this.#open) void this.#settle(this.#open, pattern.watcher.settle ?? DEFAULT_SETTLE);
  }

  /** @param rest what of the line may hold the end mark */
  #add(open: Block, line: string, rest: string): void {
    open.lines.push(line);
    open.size += line.length;
    // The end patterns name the line end that they stand before.
    if (open.pattern.end?.test(`${rest}\r`) || open.size > LONGEST_MESSAGE) this.finish();
  }

  async #settle(open: Block, ms: number): Promise<void> {
    // A line that ended, or a reader that was told to finish, has closed the message already.
    await this.#console.silence(ms, open.over.signal).catch(() => {});
    if (this.#open === open) this.finish();
  }
}

/** What a "cut here" block is about (spec runtime.md §6, row 0). */
function kindOf(message: string): string {
  const word = ["Oops", "BUG", "WARNING"].find((candidate) => message.includes(candidate));
  return word?.toLowerCase() ?? "unknown";
}

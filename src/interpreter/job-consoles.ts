import type { Clock } from "../base/clock.js";
import { toErrorRecord } from "../base/errors.js";
import { createConsole } from "../connections/console.js";
import type { Connection, Console } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { RunEvent } from "./events.js";
import type { RunLog } from "./run-log.js";
import type { ConsoleTable } from "./service-runner.js";

/** The consoles of a job, by namespace (or by the name that an action gives its own one). All are logged and recorded, always. */
export class JobConsoles implements ConsoleTable {
  /** Namespace of the action that runs: lines of other consoles are feedback. */
  namespace = "";
  #open = new Map<string, Console>();
  #handed: Console | undefined;
  #clock: Clock;
  #log: RunLog;
  #emit: (event: RunEvent) => void;
  constructor(clock: Clock, log: RunLog, emit: (event: RunEvent) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#emit = emit;
  }

  /**
   * The console of the action's namespace, or of the one whose connection its block shares: from then on it is that
   * namespace's too, so that blocks after it need not say so again. For an action that borrows, the one that was handed on.
   */
  of(node: ActionNode): Console | undefined {
    if (node.console !== undefined) return this.#open.get(node.console);
    if (node.borrows && this.#handed && !this.#handed.isClosed) return this.#handed;
    const own = this.#open.get(node.namespace);
    const shared = node.parameters["connection-namespace"];
    const other = typeof shared === "string" ? this.#open.get(shared) : undefined;
    if (other && (!own || own.isClosed)) {
      this.#open.set(node.namespace, other);
      return other;
    }
    return own;
  }

  /** An action has opened this console or talks on it: it is the one that actions behind it get. */
  handOn(node: ActionNode, console: Console): void {
    if (node.console === undefined) this.#handed = console;
  }

  set(node: ActionNode, console: Console | undefined): void {
    const key = nameOf(node);
    if (console) {
      this.#open.set(key, console);
      this.handOn(node, console);
    } else this.#open.delete(key);
  }

  open(connection: Connection, node: ActionNode): Console {
    const { namespace } = node;
    const name = nameOf(node);
    const console = createConsole(connection, { clock: this.#clock });
    console.events.subscribe((event) => {
      if (event.kind === "lines") {
        // Several namespaces may share one console.
        const current = this.#open.get(this.namespace);
        const foreign = this.namespace !== namespace && current !== undefined && current !== console;
        for (const line of event.lines)
          if (foreign) this.#log.log("feedback", line, { ns: namespace });
          else this.#log.log("target", line);
      } else if (event.kind === "output") this.#tell(name, event.time, "output", event.text, false);
      else {
        if (!event.secret) this.#log.log("input", event.text);
        this.#tell(name, event.time, "input", event.text + event.lineEnd, event.secret);
      }
    });
    return console;
  }

  #tell(console: string, t: number, direction: "output" | "input", text: string, secret: boolean): void {
    this.#emit({ type: "console", t, direction, text, secret, console });
  }

  /** An action's own console ends with it; its faults are no fault of the action. */
  closeOwn(node: ActionNode): void {
    if (node.console === undefined) return;
    const console = this.#open.get(node.console);
    this.#open.delete(node.console);
    void console?.close().catch((thrown) => this.#log.warning(toErrorRecord(thrown).message));
  }

  /** Closes every console; gives what went wrong. */
  async closeAll(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const [key, console] of this.#open) {
      this.#open.delete(key);
      await console.close().catch((error) => failures.push(error));
    }
    return failures;
  }
}

/** The name of the console that an action opens. */
const nameOf = ({ console, namespace }: ActionNode): string => console ?? namespace;

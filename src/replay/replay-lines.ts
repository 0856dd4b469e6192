/** The lines of a replay, one for each console of the job; and which of them an event of the recording belongs to. */
import type { ActionNode } from "../pipeline/action-tree.js";
import type { AtConsole } from "./recording.js";
import { ReplayConnection } from "./replay-connection.js";

export class ReplayLines {
  readonly #lines = new Map<string, ReplayConnection>();
  /** Names of consoles by the level of the action that opens or uses them. */
  readonly #names = new Map<string, string>();
  /** Consoles that actions have of their own, and their namespaces. */
  readonly #own = new Map<string, string>();
  /** Namespaces that use the console of another one. */
  readonly #shared = new Map<string, string>();
  #last: string | undefined;

  constructor(actions: ActionNode[]) {
    this.#learn(actions);
  }

  #learn(actions: ActionNode[]): void {
    for (const { level, namespace, console, parameters, children } of actions) {
      const shared = parameters["connection-namespace"];
      if (typeof shared === "string" && shared !== namespace) this.#shared.set(namespace, shared);
      if (console !== undefined) this.#own.set(console, namespace);
      this.#names.set(level, console ?? namespace);
      this.#learn(children);
    }
  }

  /** The console that the action of this level opens or uses. */
  nameOf(level: string): string {
    return this.named(this.#names.get(level) ?? "");
  }

  /** The console of a namespace. */
  named(namespace: string): string {
    return this.#shared.get(namespace) ?? namespace;
  }

  /** A new line, in place of the one that this console had. */
  open(level: string, action: string): ReplayConnection {
    const name = this.#names.get(level) ?? "";
    const line = new ReplayConnection(`recording (${action})`);
    this.#lines.set(name, line);
    this.#last = name;
    return line;
  }

  /** The open line on which a recorded event happened. */
  at({ console, namespace }: AtConsole): ReplayConnection | undefined {
    // What an action with a console of its own hears is logged as of its namespace.
    const own = console === undefined ? [...this.#own.keys()].find((name) => this.#open(name)) : undefined;
    const name = own ?? console ?? namespace;
    const known = name !== undefined && (this.#own.has(name) || [...this.#names.values()].includes(name));
    return this.#open(known ? this.named(name) : (this.#last ?? ""));
  }

  #open(name: string): ReplayConnection | undefined {
    const line = this.#lines.get(name);
    return line?.over ? undefined : line;
  }
}

import { type Context, createContext, Script } from "node:vm";

/** How long one search may take, and all of an expression's together that took too long, ms. */
const MOST_AT_ONCE = 250;
const MOST_IN_ALL = 2000;

/** Searches that nothing but the clock bounds: the engine's own, broken off when they take too long. */
export class TimedSearch {
  #spent = 0;
  #context: Context | undefined;
  #script: Script | undefined;

  /** Searches took too long together: nothing is found any more. */
  get gaveUp(): boolean {
    return this.#spent >= MOST_IN_ALL;
  }

  exec(expression: RegExp, text: string): RegExpExecArray | null {
    if (this.gaveUp) return null;
    this.#script ??= new Script("expression.exec(text)");
    this.#context ??= createContext({});
    Object.assign(this.#context, { expression, text });
    try {
      return this.#script.runInContext(this.#context, { timeout: MOST_AT_ONCE });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      this.#spent += MOST_AT_ONCE;
      return null;
    } finally {
      Object.assign(this.#context, { expression: undefined, text: "" });
    }
  }
}

import { bind, type Parameter } from "./arguments.js";
import type { Runtime } from "./runtime.js";
import type { Named, Value } from "./values.js";

/** A filter: what is before the bar, and the arguments behind its name. */
export type Filter = (value: Value, args: Value[], named: Named, runtime: Runtime) => Value;
export type Test = (value: Value, args: Value[], named: Named, runtime: Runtime) => boolean;

/** A filter with parameters in Python's way. */
export const filter =
  (name: string, list: Parameter[], run: (value: Value, args: Value[], runtime: Runtime) => Value): Filter =>
  (value, args, named, runtime) =>
    run(value, bind(name, list, args, named), runtime);

export const test =
  (name: string, list: Parameter[], run: (value: Value, args: Value[], runtime: Runtime) => boolean): Test =>
  (value, args, named, runtime) =>
    run(value, bind(name, list, args, named), runtime);

import type { Surroundings } from "./container-methods.js";
import type { Named, Value } from "./values.js";

/** What filters, tests and functions may use of the interpreter. */
export interface Runtime extends Surroundings {
  filter(name: string, value: Value, args: Value[], named: Named): Value;
  test(name: string, value: Value, args: Value[], named: Named): boolean;
  hasFilter(name: string): boolean;
  hasTest(name: string): boolean;
}

import { typeError } from "./errors.js";
import type { Named, Value } from "./values.js";

/** A parameter of a function; one without a standard value must be given. */
export interface Parameter {
  name: string;
  standard?: Value;
}

/** `"width=80"`-like lists are written as pairs: a name alone must be given. */
export function parameters(...list: (string | [name: string, standard: Value])[]): Parameter[] {
  return list.map((each) => (typeof each === "string" ? { name: each } : { name: each[0], standard: each[1] }));
}

/** Gives each parameter its value, as a call in Python does. */
export function bind(callee: string, all: readonly Parameter[], args: readonly Value[], named: Named): Value[] {
  if (args.length > all.length) {
    throw typeError(
      `${callee}() takes ${all.length} positional argument${all.length === 1 ? "" : "s"} but ${args.length} were given`,
    );
  }
  for (const name of named.keys()) {
    const index = all.findIndex((parameter) => parameter.name === name);
    if (index < 0) throw typeError(`${callee}() got an unexpected keyword argument '${name}'`);
    if (index < args.length) throw typeError(`${callee}() got multiple values for argument '${name}'`);
  }
  return all.map(({ name, standard }, index) => {
    const value = index < args.length ? args[index] : (named.get(name) ?? standard);
    if (value === undefined) throw typeError(`${callee}() missing 1 required positional argument: '${name}'`);
    return value;
  });
}

/** Of a function that takes no keywords, as most of Python's own. */
export function unnamed(callee: string, named: Named): void {
  if (named.size > 0) throw typeError(`${callee}() takes no keyword arguments`);
}

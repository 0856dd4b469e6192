import { typeError } from "./errors.js";
import type { Frame } from "./frame.js";
import type { Expression, Signature, Specials } from "./nodes.js";
import { Callable, Dict, type Named, Tuple, Undefined, type Value } from "./values.js";

/** Gives the parameters of a call to the frame that the body runs in. */
type Prepare = (frame: Frame, evaluate: (expression: Expression) => Value) => void;

/**
 * A macro, or what a `{% call %}` hands over.
 * @param run runs the body in a frame of its own, after `prepare`, and gives what it wrote
 */
export function makeMacro(
  { parameters, caller, kwargs, varargs }: Signature & Specials,
  name: string,
  run: (prepare: Prepare) => string,
): Callable {
  const names = parameters.map((parameter) => parameter.name);
  const call = (args: Value[], given: Named): Value => {
    const named = new Map(given);
    const values = names.map((each, index) => {
      if (index < args.length) return args[index];
      const value = named.get(each);
      named.delete(each);
      return value;
    });
    let calling: Value | undefined;
    if (caller && !names.includes("caller")) {
      calling = named.get("caller") ?? new Undefined("caller", "No caller defined");
      named.delete("caller");
    }
    if (!kwargs && named.size > 0) {
      throw typeError(
        named.has("caller")
          ? `macro '${name}' was invoked with two values for the special caller argument. This is most likely a bug.`
          : `macro '${name}' takes no keyword argument '${[...named.keys()][0]}'`,
      );
    }
    if (!varargs && args.length > names.length) {
      throw typeError(`macro '${name}' takes not more than ${names.length} argument(s)`);
    }
    return run((frame, evaluate) => {
      if (calling !== undefined) frame.set("caller", calling);
      if (kwargs) frame.set("kwargs", Dict.of(named));
      if (varargs) frame.set("varargs", new Tuple(args.slice(names.length)));
      for (const [index, each] of names.entries()) frame.set(each, values[index]);
      frame.enter();
      // a default may use the parameters before it
      for (const [index, { name: each, standard }] of parameters.entries()) {
        if (values[index] !== undefined) continue;
        frame.set(each, standard ? evaluate(standard) : new Undefined(each, `parameter '${each}' was not provided`));
      }
    });
  };
  const attributes = new Map<string, () => Value>([
    ["name", () => name],
    ["arguments", () => new Tuple(names)],
    ["catch_kwargs", () => kwargs === true],
    ["catch_varargs", () => varargs === true],
    ["caller", () => caller === true],
  ]);
  return new Callable(name, call, "Macro", attributes);
}

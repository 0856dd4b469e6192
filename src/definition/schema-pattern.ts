import { boundedRegExp } from "../base/regexp/bounded-regexp.js";

/** No pattern of the schemas is slow on a text of this length; most texts of a job are shorter. */
const SHORT = 256;

/** A `pattern` of a schema, as the compiled validators use it: no text of a job makes it slow. */
export function schemaPattern(source: string): { test(text: string): boolean } {
  const native = new RegExp(source);
  let bounded: RegExp | undefined;
  return {
    test(text) {
      if (text.length <= SHORT) return native.test(text);
      bounded ??= boundedRegExp(source);
      return bounded.test(text);
    },
  };
}

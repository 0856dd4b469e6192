import type { Location, Problem } from "../base/problem.js";
import { type ParsedYaml, parseYaml } from "../definition/yaml-text.js";
import type { RenderedText } from "./renderer.js";

/**
 * Rendered YAML whose places are those of its templates.
 * @param file what the text is called where no template is known
 * @param sourceOf the text of a template
 * @param isUnindented lines within quotes and brackets begin at any column, also where something else is wrong
 */
export function parseRendered(
  { text, places, unset = [] }: RenderedText,
  file: string,
  sourceOf: (file: string) => string | undefined,
  isUnindented = false,
): ParsedYaml {
  const parsed = parseYaml(text.trim() === "" ? "{}" : text, file, undefined, isUnindented);
  const move = (location: Location): Location => {
    const place = places[location.line - 1];
    return place ? { ...location, ...place } : location;
  };
  const lineOf = (location: Location): string =>
    sourceOf(location.file)?.split("\n")[location.line - 1] ?? parsed.sourceLine(location.line);
  // the line that is shown is the rendered one: that is what cannot be read
  const moved = (problem: Problem): Problem => ({
    ...problem,
    ...(problem.location && { location: move(problem.location) }),
    ...(problem.related && {
      related: problem.related.map((each) => ({ ...each, location: move(each.location) })),
    }),
  });
  return {
    ...parsed,
    problems: parsed.problems.map((problem) => withUnset(moved(problem), unset)),
    locate: (path, part) => {
      const location = parsed.locate(path, part);
      return location && move(location);
    },
    sourceLine: (line) => lineOf(move({ file, line, column: 1 })),
    sourceAt: lineOf,
  };
}

/** An error of a line in which a name without a value was printed: that is what is wrong. */
export function withUnset(problem: Problem, unset: NonNullable<RenderedText["unset"]>): Problem {
  const { location, severity } = problem;
  const found =
    severity === "error" && unset.find(({ place }) => place.file === location?.file && place.line === location.line);
  if (!found) return problem;
  return {
    ...problem,
    message: `the variable "${found.name}" has no value: ${problem.message}`,
    hint: `set "${found.name}" in the device dictionary`,
  };
}

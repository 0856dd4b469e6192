import type { Location, Problem } from "../base/problem.js";
import type { ParsedYaml, YamlPath } from "../definition/yaml-text.js";

export interface Finding {
  message: string;
  document?: ParsedYaml;
  /** Path in the document; the nearest place above it that exists is shown. */
  path?: YamlPath;
  errorClass?: string;
  severity?: Problem["severity"];
  hint?: string;
  related?: Problem["related"];
}

/** The place of a path, or of the nearest existing one above it. */
export function locateNear(document: ParsedYaml, path: YamlPath): Location | undefined {
  for (let length = path.length; length >= 0; length--) {
    const location = document.locate(path.slice(0, length), "key") ?? document.locate(path.slice(0, length));
    if (location) return location;
  }
  return undefined;
}

const pathText = (path: YamlPath): string =>
  path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");

/** Collects findings with their places and source lines; the same finding is told once. */
export class ProblemList {
  readonly problems: Problem[] = [];
  readonly #seen = new Set<string>();

  add(finding: Finding): void {
    const { document, path = [] } = finding;
    this.addAt(document && locateNear(document, path), finding);
  }

  /** A finding whose place is known already. */
  addAt(location: Location | undefined, finding: Finding): void {
    const { message, document, path = [], errorClass, severity = "error", hint, related } = finding;
    const key = `${message}|${location?.file}:${location?.line}:${location?.column}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const source = location && document?.sourceAt(location);
    this.problems.push({
      severity,
      message,
      ...(errorClass && { errorClass }),
      ...(location && { location }),
      ...(source && { source }),
      ...(hint && { hint }),
      ...(path.length > 0 && { path: pathText(path) }),
      ...(related && { related }),
    });
  }
}

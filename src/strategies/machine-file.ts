import { isAlias, isSeq, isMap as isYamlMap, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { Location, Problem } from "../base/problem.js";

export type Path = (string | number)[];

/** One YAML file of machines/: its value and where each part of it stands. */
export class MachineFile {
  readonly value: Json;
  readonly problems: Problem[] = [];
  readonly #root: Node | null;
  readonly #lines = new LineCounter();
  readonly #text: string[];

  constructor(
    readonly file: string,
    text: string,
  ) {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, merge: true });
    this.#text = text.split("\n");
    this.#root = document.contents;
    for (const error of document.errors)
      this.problems.push({
        severity: "error",
        message: error.message,
        ...this.#shown(this.#location(error.pos[0])),
      });
    this.value = document.errors.length === 0 ? (document.toJS({ maxAliasCount: 100 }) as Json) : null;
  }

  get map(): JsonMap {
    return isMap(this.value) ? this.value : {};
  }

  #location(offset: number): Location {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line, column: col };
  }

  #shown(location: Location): { location: Location; source?: string } {
    const source = this.#text[location.line - 1];
    return source === undefined ? { location } : { location, source };
  }

  /** Where the value at `path` stands: its key for a map's entry, the entry itself for a list's. */
  locate(path: Path): Location {
    let node: unknown = this.#root;
    let offset = this.#root?.range?.[0] ?? 0;
    for (const step of path) {
      if (isAlias(node)) break;
      if (isYamlMap(node)) {
        const pair = node.items.find((item: Pair) => String((item.key as { value?: unknown })?.value) === String(step));
        if (!pair) break;
        offset = (pair.key as Node).range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = (node as Node | undefined)?.range?.[0] ?? offset;
      } else break;
    }
    return this.#location(offset);
  }

  /** Records an error about a key somewhere below the map that begins at `place` (a location that `locate` gave). */
  refuseNear(place: Location, keys: Path, message: string, hint?: string): void {
    for (const path of this.#paths(this.value, [])) {
      if (path.length < keys.length || !keys.every((key, i) => path[path.length - keys.length + i] === key)) continue;
      const at = this.locate(path);
      if (at.line < place.line) continue;
      this.refuse(path, message, hint);
      return;
    }
    this.problems.push({ severity: "error", message, ...this.#shown(place), ...(hint && { hint }) });
  }

  *#paths(value: Json, path: Path): Generator<Path> {
    yield path;
    if (Array.isArray(value)) for (const [i, each] of value.entries()) yield* this.#paths(each, [...path, i]);
    else if (isMap(value)) for (const [key, each] of Object.entries(value)) yield* this.#paths(each, [...path, key]);
  }

  /** Records an error about the value at `path`. */
  refuse(path: Path, message: string, hint?: string): void {
    this.problems.push({
      severity: "error",
      message,
      ...this.#shown(this.locate(path)),
      ...(hint && { hint }),
      path: path
        .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
        .join("")
        .replace(/^\./, ""),
    });
  }
}

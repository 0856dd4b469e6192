/** The seam between devices and template engines: a text, and where its lines come from. */
import type { JsonMap } from "../base/json.js";

/** A line of a file, from 1. */
export interface Place {
  file: string;
  line: number;
}

export interface RenderedText {
  text: string;
  /** Of line 1 and those after it; undefined where it is not known. */
  places: (Place | undefined)[];
  /** Names that were printed and had no value. */
  unset?: { name: string; place: Place }[];
}

/** A template engine. */
export interface Renderer<Template> {
  /** @throws TemplateError with the place in the template */
  render(template: Template, variables: JsonMap): Promise<RenderedText>;
}

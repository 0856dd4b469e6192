/** What kept a template from being rendered. */
export type JinjaFault =
  /** The text is no template. */
  | "syntax"
  /** A name or a template that is not there was needed. */
  | "undefined"
  /** An operation that Python refuses, too. */
  | "runtime"
  /** Something of Jinja2 that this interpreter does not have. */
  | "unsupported"
  /** More output, steps, memory or depth than a template may have. */
  | "limit";

/** A template that cannot be read or rendered. Its place is known as soon as a statement was left with it. */
export class JinjaError extends Error {
  template?: string;
  line?: number;
  constructor(
    readonly fault: JinjaFault,
    message: string,
    line?: number,
  ) {
    super(message);
    this.name = "JinjaError";
    if (line !== undefined) this.line = line;
  }

  /** Says where it happened, unless that is known. */
  at(template: string, line: number): this {
    this.line ??= line;
    this.template ??= template;
    return this;
  }
}

export const syntaxError = (message: string, line: number): JinjaError => new JinjaError("syntax", message, line);
export const typeError = (message: string): JinjaError => new JinjaError("runtime", message);
export const unsupported = (construct: string, line?: number): JinjaError =>
  new JinjaError("unsupported", `${construct} is not supported`, line);

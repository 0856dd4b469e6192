/** A template as a tree. */
import type { Scope } from "./scopes.js";
import type { Value } from "./values.js";

export type Expression = { line: number } & (
  | { node: "constant"; value: Value }
  | { node: "name"; name: string }
  | { node: "list" | "tuple"; items: Expression[] }
  | { node: "dict"; pairs: [key: Expression, value: Expression][] }
  | { node: "condition"; test: Expression; then: Expression; otherwise?: Expression }
  | { node: "or" | "and"; left: Expression; right: Expression }
  | { node: "not" | "negative" | "positive"; operand: Expression }
  | { node: "compare"; first: Expression; rest: [operator: Comparison, operand: Expression][] }
  | { node: "binary"; operator: Arithmetic; left: Expression; right: Expression }
  | { node: "concat"; items: Expression[] }
  | { node: "attribute"; of: Expression; name: string }
  | { node: "item"; of: Expression; key: Expression }
  | { node: "slice"; start?: Expression; stop?: Expression; step?: Expression }
  | ({ node: "call"; callee: Expression } & Arguments)
  | ({ node: "filter"; name: string /** Left out: what the block around it wrote. */; value?: Expression } & Arguments)
  | ({ node: "test"; name: string; value: Expression } & Arguments)
);
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";
export type Arithmetic = "+" | "-" | "*" | "/" | "//" | "%" | "**";

export interface Arguments {
  positional: Expression[];
  named: [name: string, value: Expression][];
  /** `*values` and `**values`. */
  spread?: Expression;
  spreadNamed?: Expression;
}

export type Target = { line: number } & (
  | { target: "name"; name: string }
  | { target: "attribute"; name: string; attribute: string }
  | { target: "tuple"; items: Target[] }
);

export interface Signature {
  parameters: { name: string; standard?: Expression }[];
}

export type Statement = { line: number } & (
  | { statement: "text"; text: string }
  | { statement: "print"; value: Expression }
  | { statement: "set"; target: Target; value: Expression }
  | ({ statement: "set-block"; target: Target; filter?: Expression; body: Statement[] } & Scoped)
  | { statement: "if"; arms: [test: Expression, body: Statement[], line: number][]; otherwise: Statement[] }
  | ForStatement
  | ({ statement: "with"; targets: Target[]; values: Expression[]; body: Statement[] } & Scoped)
  | ({ statement: "filter"; filter: Expression; body: Statement[] } & Scoped)
  | BlockStatement
  | { statement: "extends"; template: Expression }
  | { statement: "include"; template: Expression; ignoreMissing: boolean; withContext: boolean }
  | { statement: "import"; template: Expression; name: string; withContext: boolean }
  | { statement: "from"; template: Expression; names: [name: string, as: string][]; withContext: boolean }
  | MacroStatement
  | CallStatement
  | ({ statement: "scope"; body: Statement[] } & Scoped)
);

/** A statement with names of its own; they are found after the whole template was read. */
export interface Scoped {
  scope?: Scope;
}

export type ForStatement = {
  statement: "for";
  line: number;
  target: Target;
  items: Expression;
  test?: Expression;
  recursive: boolean;
  body: Statement[];
  otherwise: Statement[];
  testScope?: Scope;
  otherwiseScope?: Scope;
  /** Whether `loop` is asked for. */
  usesLoop?: boolean;
} & Scoped;

export type BlockStatement = {
  statement: "block";
  line: number;
  name: string;
  scoped: boolean;
  required: boolean;
  body: Statement[];
} & Scoped;

/** What the body of a macro asks for beside its parameters. */
export interface Specials {
  caller?: boolean;
  kwargs?: boolean;
  varargs?: boolean;
}
export type MacroStatement = { statement: "macro"; line: number; name: string; body: Statement[] } & Signature &
  Scoped &
  Specials;
export type CallStatement = {
  statement: "call";
  line: number;
  call: Expression;
  body: Statement[];
} & Signature &
  Scoped &
  Specials;

/**
 * Which names belong to which part of a template, before it runs: a loop's body, a block or a macro has names of its own,
 * and what a name means there is settled when it is entered (a `set` in a loop does not reach what is behind the loop).
 */
import { syntaxError } from "./errors.js";
import type { BlockStatement, CallStatement, Expression, MacroStatement, Statement, Target } from "./nodes.js";

/** What a name is when its part of the template is entered. */
export type Load =
  /** It comes from the job's context or what templates have set. */
  | "resolve"
  /** A copy of what the part around it has. */
  | "alias"
  /** Nothing yet. */
  | "missing"
  /** It is given. */
  | "parameter";

/** Names of one part of a template. */
export class Scope {
  readonly loads: Map<string, Load>;
  /** Names that are given values here. */
  readonly stores: Set<string>;
  constructor(
    readonly parent?: Scope,
    from?: Scope,
  ) {
    this.loads = new Map(from?.loads);
    this.stores = new Set(from?.stores);
  }

  has(name: string): boolean {
    return this.loads.has(name) || this.parent?.has(name) === true;
  }
  load(name: string): void {
    if (!this.has(name)) this.loads.set(name, "resolve");
  }
  store(name: string): void {
    this.stores.add(name);
    if (!this.loads.has(name)) this.loads.set(name, this.parent?.has(name) ? "alias" : "missing");
  }
  parameter(name: string): void {
    this.stores.add(name);
    this.loads.set(name, "parameter");
  }
  /** A branch that may be taken or not. */
  branch(): Scope {
    return new Scope(this.parent, this);
  }
  /** After branches: what only some of them set is looked up before. */
  join(branches: Scope[]): void {
    const stored = new Set(branches.flatMap(({ stores }) => [...stores]).filter((name) => !this.stores.has(name)));
    for (const branch of branches) {
      for (const [name, load] of branch.loads) this.loads.set(name, load);
      for (const name of branch.stores) this.stores.add(name);
    }
    for (const name of stored) this.loads.set(name, this.parent?.has(name) ? "alias" : "resolve");
  }
}

/** Finds the scopes of a whole template, and notes them in its statements. */
export function findScopes(body: Statement[]): { scope: Scope; blocks: Map<string, BlockStatement> } {
  const finder = new ScopeFinder();
  return { scope: finder.root(body), blocks: finder.blocks };
}

class ScopeFinder {
  readonly blocks = new Map<string, BlockStatement>();

  root(body: Statement[]): Scope {
    const scope = new Scope();
    if (asksFor(body, ["self"]).has("self")) scope.parameter("self");
    visitAll(body, scope);
    this.#inner(body, scope);
    return scope;
  }

  /** The scopes below one whose own names are all known. */
  #inner(body: Statement[], scope: Scope): void {
    for (const statement of body) {
      switch (statement.statement) {
        case "if":
          for (const [, arm] of statement.arms) this.#inner(arm, scope);
          this.#inner(statement.otherwise, scope);
          break;
        case "for": {
          if (storesName(statement.body, "loop") || targets(statement.target).includes("loop")) {
            throw syntaxError("Can't assign to special loop variable in for-loop target", statement.line);
          }
          const own = new Scope(scope);
          statement.usesLoop =
            statement.recursive || asksFor(statement.body, ["loop"]).has("loop") || hasScopedBlock(statement.body);
          if (statement.usesLoop) own.parameter("loop");
          for (const name of targets(statement.target)) own.parameter(name);
          visitAll(statement.body, own);
          statement.scope = own;
          this.#inner(statement.body, own);
          const otherwise = new Scope(scope);
          visitAll(statement.otherwise, otherwise);
          statement.otherwiseScope = otherwise;
          this.#inner(statement.otherwise, otherwise);
          if (statement.test) {
            const test = new Scope(scope);
            for (const name of targets(statement.target)) test.parameter(name);
            visit(statement.test, test);
            statement.testScope = test;
          }
          break;
        }
        case "with": {
          const own = new Scope(scope);
          for (const target of statement.targets) for (const name of targets(target)) own.parameter(name);
          visitAll(statement.body, own);
          statement.scope = own;
          this.#inner(statement.body, own);
          break;
        }
        case "set-block":
        case "filter":
        case "scope": {
          const own = new Scope(scope);
          visitAll(statement.body, own);
          if (statement.statement !== "scope" && statement.filter) visit(statement.filter, own);
          statement.scope = own;
          this.#inner(statement.body, own);
          break;
        }
        case "macro":
        case "call":
          this.#macro(statement, scope);
          break;
        case "block":
          this.#block(statement);
          break;
      }
    }
  }

  #macro(statement: MacroStatement | CallStatement, scope: Scope): void {
    const own = new Scope(scope);
    const names = statement.parameters.map(({ name }) => name);
    for (const name of names) own.parameter(name);
    const asked = asksFor(statement.body, ["caller", "kwargs", "varargs"]);
    for (const special of ["caller", "kwargs", "varargs"] as const) {
      if (!asked.has(special)) continue;
      const parameter = statement.parameters.find(({ name }) => name === special);
      if (parameter && special === "caller" && !parameter.standard) {
        const message =
          'When defining macros or call blocks the special "caller" argument must be omitted or be given a default.';
        throw syntaxError(message, statement.line);
      }
      if (parameter && special !== "caller") continue;
      own.parameter(special);
      statement[special] = true;
    }
    for (const { standard } of statement.parameters) if (standard) visit(standard, own);
    visitAll(statement.body, own);
    statement.scope = own;
    this.#inner(statement.body, own);
  }

  #block(statement: BlockStatement): void {
    if (this.blocks.has(statement.name)) throw syntaxError(`block '${statement.name}' defined twice`, statement.line);
    this.blocks.set(statement.name, statement);
    const own = new Scope();
    for (const name of asksFor(statement.body, ["self", "super"])) own.parameter(name);
    visitAll(statement.body, own);
    statement.scope = own;
    this.#inner(statement.body, own);
  }
}

/** Notes the names that statements use in a scope, but not those of scopes within it. */
function visitAll(body: Statement[], scope: Scope): void {
  for (const statement of body) visitStatement(statement, scope);
}

function visitStatement(statement: Statement, scope: Scope): void {
  switch (statement.statement) {
    case "print":
      visit(statement.value, scope);
      break;
    case "set":
      visit(statement.value, scope);
      assign(statement.target, scope);
      break;
    case "set-block":
      assign(statement.target, scope);
      break;
    case "if": {
      // elif belongs to one branch: it is only asked when what is before it was not true
      const [first, ...others] = statement.arms;
      visit(first![0], scope);
      const body = scope.branch();
      visitAll(first![1], body);
      const elif = scope.branch();
      for (const [test, arm] of others) {
        visit(test, elif);
        const inner = elif.branch();
        visitAll(arm, inner);
        elif.join([inner]);
      }
      const otherwise = scope.branch();
      visitAll(statement.otherwise, otherwise);
      scope.join([body, elif, otherwise]);
      break;
    }
    case "for":
      visit(statement.items, scope);
      break;
    case "with":
      for (const value of statement.values) visit(value, scope);
      break;
    case "filter":
      visit(statement.filter, scope);
      break;
    case "call":
      visit(statement.call, scope);
      break;
    case "macro":
      scope.store(statement.name);
      break;
    case "extends":
    case "include":
      visit(statement.template, scope);
      break;
    case "import":
      visit(statement.template, scope);
      scope.store(statement.name);
      break;
    case "from":
      visit(statement.template, scope);
      for (const [, as] of statement.names) scope.store(as);
      break;
  }
}

function assign(target: Target, scope: Scope): void {
  if (target.target === "name") scope.store(target.name);
  else if (target.target === "attribute") scope.load(target.name);
  else for (const item of target.items) assign(item, scope);
}

function visit(expression: Expression, scope: Scope): void {
  for (const name of namesOf(expression)) scope.load(name);
}

/** The names that an expression asks for, in their order. */
export function* namesOf(expression: Expression): Generator<string> {
  if (expression.node === "name") yield expression.name;
  else for (const inner of partsOf(expression)) yield* namesOf(inner);
}

/** The expressions right below an expression. */
export function partsOf(expression: Expression): Expression[] {
  switch (expression.node) {
    case "constant":
    case "name":
      return [];
    case "list":
    case "tuple":
    case "concat":
      return expression.items;
    case "dict":
      return expression.pairs.flat();
    case "condition":
      return [expression.test, expression.then, ...(expression.otherwise ? [expression.otherwise] : [])];
    case "or":
    case "and":
    case "binary":
      return [expression.left, expression.right];
    case "not":
    case "negative":
    case "positive":
      return [expression.operand];
    case "compare":
      return [expression.first, ...expression.rest.map(([, operand]) => operand)];
    case "attribute":
      return [expression.of];
    case "item":
      return [expression.of, expression.key];
    case "slice":
      return [expression.start, expression.stop, expression.step].filter((part) => part !== undefined);
    case "call":
    case "filter":
    case "test": {
      const of = expression.node === "call" ? expression.callee : expression.value;
      const { positional, named, spread, spreadNamed } = expression;
      const parts = [of, ...positional, ...named.map(([, value]) => value), spread, spreadNamed];
      return parts.filter((part) => part !== undefined);
    }
  }
}

/** The bodies of a statement and what is read in it, in the template's order. */
function insideOf(statement: Statement): { expressions: Expression[]; stores: string[]; bodies: Statement[][] } {
  const inside = (expressions: Expression[], stores: string[] = [], bodies: Statement[][] = []) => ({
    expressions,
    stores,
    bodies,
  });
  switch (statement.statement) {
    case "text":
    case "block":
      return inside([]);
    case "print":
      return inside([statement.value]);
    case "set":
      return inside([statement.value], targets(statement.target));
    case "set-block":
      return inside(statement.filter ? [statement.filter] : [], targets(statement.target), [statement.body]);
    case "if":
      return inside(
        statement.arms.map(([test]) => test),
        [],
        [...statement.arms.map(([, body]) => body), statement.otherwise],
      );
    case "for": {
      const asked = statement.test ? [statement.items, statement.test] : [statement.items];
      return inside(asked, targets(statement.target), [statement.body, statement.otherwise]);
    }
    case "with":
      return inside(statement.values, statement.targets.flatMap(targets), [statement.body]);
    case "filter":
      return inside([statement.filter], [], [statement.body]);
    case "scope":
      return inside([], [], [statement.body]);
    case "extends":
    case "include":
      return inside([statement.template]);
    case "import":
      return inside([statement.template], [statement.name]);
    case "from":
      return inside(
        [statement.template],
        statement.names.map(([, as]) => as),
      );
    case "macro":
    case "call": {
      const standards = statement.parameters.flatMap(({ standard }) => (standard ? [standard] : []));
      const called = statement.statement === "call" ? [statement.call] : [];
      const names = statement.parameters.map(({ name }) => name);
      return inside([...called, ...standards], names, [statement.body]);
    }
  }
}

/** Which of the names a body asks for without having given them a value; blocks in it are bodies of their own. */
function asksFor(body: Statement[], names: string[]): Set<string> {
  const open = new Set(names);
  const asked = new Set<string>();
  const look = (statements: Statement[]): void => {
    for (const statement of statements) {
      const { expressions, stores, bodies } = insideOf(statement);
      // Jinja2 looks at what is assigned to first
      for (const name of stores) open.delete(name);
      for (const expression of expressions) for (const name of namesOf(expression)) if (open.has(name)) asked.add(name);
      for (const inner of bodies) look(inner);
    }
  };
  look(body);
  return asked;
}

const storesName = (body: Statement[], name: string): boolean =>
  body.some((statement) => {
    const { stores, bodies } = insideOf(statement);
    return stores.includes(name) || bodies.some((inner) => storesName(inner, name));
  });

const hasScopedBlock = (body: Statement[]): boolean =>
  body.some(
    (statement) =>
      (statement.statement === "block" && (statement.scoped || hasScopedBlock(statement.body))) ||
      insideOf(statement).bodies.some(hasScopedBlock),
  );

function targets(target: Target): string[] {
  if (target.target === "name") return [target.name];
  return target.target === "tuple" ? target.items.flatMap(targets) : [];
}

/** All names that a template reads anywhere: what a dictionary may set for it. */
export function readNames(body: Statement[]): Set<string> {
  const names = new Set<string>();
  const look = (statements: Statement[]): void => {
    for (const statement of statements) {
      const { expressions, bodies } = insideOf(statement);
      for (const expression of expressions) for (const name of namesOf(expression)) names.add(name);
      for (const inner of bodies) look(inner);
      if (statement.statement === "block") look(statement.body);
    }
  };
  look(body);
  return names;
}

/** The names that a template's own top level gives values to, with their lines. */
export function setNames(body: Statement[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const statement of body) {
    if (statement.statement === "set" || statement.statement === "set-block") {
      for (const name of targets(statement.target)) names.set(name, statement.line);
    }
  }
  return names;
}

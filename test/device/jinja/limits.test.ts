import { describe, expect, it } from "vitest";
import { Environment } from "../../../src/device/jinja/environment.js";
import type { JinjaError } from "../../../src/device/jinja/errors.js";

/** The error of a template that is given with those it names. */
function errorOf(source: string, others: { [name: string]: string } = {}): string {
  const environment = new Environment((name) => ({ ...others, case: source })[name]);
  try {
    environment.render(environment.template("case")!, {});
  } catch (error) {
    const { fault, template, line, message } = error as JinjaError;
    return `${template}:${line} ${fault} ${message}`;
  }
  return "no error";
}

describe("bounds of a template", () => {
  it.each<[string, string, string, { [name: string]: string }?]>([
    [
      "a loop without an end",
      "{% set l = [1] %}\n{% for i in l %}{% set _ = l.append(i) %}{% endfor %}",
      "case:2 limit",
    ],
    [
      "loops in loops",
      "{% for a in range(9999) %}\n{% for b in range(9999) %}\n{% endfor %}{% endfor %}",
      "case:2 limit",
    ],
    ["100 MB of output", "\n{% for i in range(99999) %}{{ 'x' * 1024 }}{% endfor %}", "case:2 limit"],
    ["a text of a gigabyte", "{{ 'x' * 1024 * 1024 * 1024 }}", "case:1 limit"],
    ["a list of a billion items", "{% set l = [0] * 1000000000 %}", "case:1 limit"],
    [
      "a list that doubles",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
      "case:1 limit",
    ],
    [
      "a text that doubles",
      "{% set ns = namespace(t='ab') %}{% for i in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
      "case:1 limit",
    ],
    [
      "replacing that grows",
      "{% set ns = namespace(t='a') %}{% for i in range(99) %}{% set ns.t = ns.t|replace('a', 'aa') %}{% endfor %}",
      "case:1 limit",
    ],
    ["a number of a million digits", "{{ 10 ** 1000000 }}", "case:1 limit"],
    [
      "numbers that are squared again and again",
      "{% set ns = namespace(n=3) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
      "case:1 limit",
    ],
    ["a wide format", "{{ '%1000000000s' % 'a' }}", "case:1 limit"],
    ["a wide format in braces", "{{ '{:1000000000}'.format(1) }}", "case:1 limit"],
    ["a wide column", "{{ 'a'.ljust(1000000000) }}", "case:1 limit"],
    ["a wide center", "{{ 'a'|center(1000000000) }}", "case:1 limit"],
    ["a long row", "{{ [1]|batch(1000000000, 2)|list }}", "case:1 limit"],
    ["many slices", "{{ [1]|slice(1000000000)|list }}", "case:1 limit"],
    ["a macro that calls itself", "{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", "case:2 limit"],
    ["a block that calls itself", "{% block a %}{{ self.a() }}{% endblock %}", "case:1 limit"],
    ["a loop that calls itself", "{% for i in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", "case:1 limit"],
    ["a template that includes itself", "\n{% include 'case' %}", "case:2 limit"],
    ["templates that extend each other", "{% extends 'b' %}", ":1 limit", { b: "{% extends 'case' %}" }],
    ["templates that import each other", "{% import 'b' as b %}", "limit", { b: "{% import 'case' as c %}" }],
    ["brackets in brackets", `{{ ${"[".repeat(5000)}${"]".repeat(5000)} }}`, "case:1 syntax"],
    ["signs before signs", `{{ ${"-".repeat(5000)}1 }}`, "case:1 syntax"],
    ["statements in statements", "{% if 1 %}".repeat(5000) + "{% endif %}".repeat(5000), "case:1 syntax"],
    ["a sum of ten thousand", `{{ ${"1+".repeat(10_000)}1 }}`, "case:1 limit"],
    ["many filters", `{{ 1${"|string".repeat(10_000)} }}`, "case:1"],
    [
      "a list that holds itself, compared",
      "{% set a = [] %}{% set b = [] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}",
      "case:1 limit",
    ],
    ["a list that holds itself, as JSON", "{% set a = [] %}{% set _ = a.append(a) %}{{ a|tojson }}", "case:1 limit"],
    [
      "a parent that is missing",
      "\n\n{% extends 'nobody.jinja2' %}",
      'case:3 undefined there is no template "nobody.jinja2"',
    ],
  ])("%s", (_, source, expected, others = {}) => {
    expect(errorOf(source, others)).toContain(expected);
  });
});

describe("what a template cannot reach", () => {
  it.each([
    "{{ ''.__class__ }}",
    "{{ ''['__class__']['__mro__'] }}",
    "{{ [].constructor.constructor('return process')() }}",
    "{{ {}.__proto__.x }}",
    "{{ {}['constructor']('x') }}",
    "{{ range.constructor('x')() }}",
    "{{ namespace.call('x') }}",
    "{{ self.__init__ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ cycler.constructor('a') }}",
    "{{ (1).constructor('a') }}",
    "{{ true.toString() }}",
    "{{ 'a'|attr('constructor')('x') }}",
    "{{ ['a']|map(attribute='constructor.name')|first('x') }}",
    "{{ 'a'|constructor }}",
    "{{ 'a' is toString }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ toString() }}",
    "{{ globalThis.process }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../etc/passwd' %}",
    "{% include '__proto__' %}",
    "{% from 'constructor' import x %}",
  ])("%s", (source) => {
    // a lookup as a program has it: only what is there by name
    const environment = new Environment((name) => (name === "case" ? source : undefined));
    let text: string | undefined;
    try {
      text = environment.render(environment.template("case")!, {}).text;
    } catch (error) {
      expect((error as Error).name).toBe("JinjaError");
    }
    expect(text ?? "").toBe("");
  });

  it("keys of a job's context are no attributes of JavaScript's objects", () => {
    const environment = new Environment(() => undefined);
    const template = environment.parse("{{ m.__proto__ is defined }}{{ m['a'] }}{{ constructor is defined }}", "case");
    expect(environment.render(template, { m: JSON.parse('{"__proto__": {"x": 1}, "a": 2}') }).text).toBe("True2False");
  });
});

describe("what is left out", () => {
  it.each([
    ["\n{{ x|xmlattr }}", "case:2 unsupported the filter 'xmlattr' is not supported"],
    ["\n\n{% do x %}", "case:3 unsupported the tag 'do' of Jinja2's extensions is not supported"],
    ["{% autoescape true %}{% endautoescape %}", "case:1 unsupported autoescape is not supported"],
    ["{{ [1]|map('string') }}", "case:1 unsupported printing a generator (put `|list` behind it) is not supported"],
    ["{{ '\\N{BULLET}' }}", "case:1 unsupported a character by its name (\\N{...}) is not supported"],
    ["{{ lipsum() }}", "case:1 unsupported lipsum() is not supported"],
    ["{{ 'a'|nope }}", "case:1 unsupported No filter named 'nope'."],
  ])("%s", (source, expected) => {
    expect(errorOf(source)).toBe(expected);
  });
});

import Handlebars from "handlebars";
import { expect, test } from "vitest";
import { checkText, renderText } from "../../src/strategies/text.js";

test("texts see the scope, without HTML escapes; what is missing is empty", () => {
  expect(renderText("no braces <here>", {})).toBe("no braces <here>");
  expect(renderText("{{a.b}} & {{a.none}}|{{lookup list 1}}", { a: { b: "<x>" }, list: ["p", "q"] })).toBe("<x> & |q");
  expect(renderText("{{words list}}{{#if (contains a 'Oo')}}, oops{{/if}}", { list: [1, "b"], a: "Oops" })).toBe(
    "1, b, oops",
  );
});

test("the value of a text is never itself a template", () =>
  expect(renderText("{{a}}", { a: "{{b}}", b: "no" })).toBe("{{b}}"));

test("inherited properties are out of reach", () =>
  expect(renderText("{{a.constructor}}{{a.__proto__}}", { a: {} })).toBe(""));

test("a broken text says why", () => {
  expect(checkText("fine {{a}}")).toBeUndefined();
  expect(checkText("{{#if a}}open")).toMatch(/Expecting/);
  expect(() => renderText("{{#if a}}open", {})).toThrow(/cannot be rendered/);
});

test("texts of plain paths need no Handlebars, and read as with it", () => {
  const library = Handlebars.create();
  const scope = { a: { b: "<x> $& {{c}}", list: [1, "b"], map: {}, no: false, zero: 0, none: null, text: "t" }, c: 5 };
  const texts = ["{{a.b}}", "{{a.list}}|{{a.map}}", "{{a.no}}{{a.zero}}{{a.none}}{{a.missing.deep}}", "{{c}}{{d}}"];
  for (const text of texts)
    expect(renderText(text, scope), text).toBe(library.compile(text, { noEscape: true })(scope));
});

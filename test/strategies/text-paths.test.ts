import Handlebars from "handlebars";
import { expect, test } from "vitest";
import { renderText } from "../../src/strategies/text.js";

const scope = {
  a: { b: "text <&>", list: ["x", "y"], no: false, zero: 0, nothing: null, deep: { c: 1.5 } },
  name: "n",
};

test.each([
  "{{a.b}} and {{name}}",
  "{{a.list}} {{a.list.length}} {{a.no}} {{a.zero}} [{{a.nothing}}] [{{a.missing.further}}] {{a.deep.c}}",
  "{{a.deep}} {{constructor}} {{a.toString}} {{name.length}}",
  "{{this.name}} {{#if a.b}}yes{{else}}no{{/if}}",
  "{{words a.list}} $& $1 {{name}}",
  "\\{{name}} {{ name }} {{{name}}} {{~name~}}",
])("%s is what Handlebars makes of it", (template) => {
  const handlebars = Handlebars.create();
  handlebars.registerHelper("words", (value: unknown[]) => value.join(", "));
  expect(renderText(template, scope)).toBe(handlebars.compile(template, { noEscape: true })(scope));
});

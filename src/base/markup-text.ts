/** Text from outside in HTML, XML and the languages of graphs: nothing in it is markup, and every file is well formed. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAYABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]/gu;
const REFERENCES: { [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\u2028": "&#x2028;",
  "\u2029": "&#x2029;",
};

/** Puts U+FFFD for what a text file cannot say: control characters but the white ones, halves of characters. */
export const sayable = (text: string): string => text.replace(UNSAYABLE, "\ufffd");

/** A text as the content of an element or the value of an attribute. */
export const markupText = (text: string): string =>
  sayable(text).replace(/[&<>"'\u2028\u2029]/g, (char) => REFERENCES[char] as string);

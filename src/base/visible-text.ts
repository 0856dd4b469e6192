/** How text from outside is shown: nothing in it steers a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Escapes control characters but the tab, and what changes the direction of writing, as JSON does: `\\u001b`. */
export const visible = (text: string): string =>
  text.replace(STEERING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Sequences of the program's own: colours, the cursor and the lines of the live tree. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is let through
const OWN = /(\x1b\[(?:(?:0|1|2|22|3[1-69]|31;1|33;1|36;1)m|[KJ]|\d+A\r|\?25[hl]|\?2026[hl])|\r?\n)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** A whole output on its way out: what is no sequence of the program's own is escaped. */
export const onlyOwnSequences = (text: string): string =>
  CONTROL.test(text)
    ? text
        .split(OWN)
        .map((part, i) => (i % 2 === 1 || !CONTROL.test(part) ? part : visible(part)))
        .join("")
    : text;

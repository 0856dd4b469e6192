/** What a serial console mixes into a text: terminal escapes, messages of the kernel, wrapped lines. */

/** Escape sequences (ECMA-48 CSI and OSC, and the short ones), as the source of a regular expression. */
export const ESCAPE = "\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|[ -/]*[0-Z\\\\^-~])";

/** What may still become one, at the end of a text. */
export const ESCAPE_BEGUN = "\\x1b(?:\\[[0-?]*[ -/]*)?$";

/** What a terminal shows for a control character that was erased again: on a screen it leaves nothing. */
export const ERASED_CONTROL = "\\^[@-_](?:\\x08 \\x08){2}";

/** The stamp that begins each line of the kernel: `[    3.141592]`, with its level and printk's caller where they are told. */
export const KERNEL_STAMP = "(?:<\\d{1,3}>)?\\[ {0,6}\\d{1,7}\\.\\d{6}\\](?:\\[ {0,6}[TC]\\d{1,7}\\])?";

/** A line of the kernel from its stamp to its end; at the end of the output it may still be growing. */
export const KERNEL_LINE = `${KERNEL_STAMP}[^\\n]*(?:\\n|$)`;

/** A text from which something was lifted; `at(i)` is the place of its i-th character in the original. */
export interface LiftedText {
  text: string;
  at(index: number): number;
}

/** Removes every match of a global regular expression. */
export function lift(text: string, unwanted: RegExp): LiftedText {
  const starts: number[] = [];
  const origins: number[] = [];
  let kept = "";
  let from = 0;
  const keep = (to: number) => {
    if (to <= from) return;
    starts.push(kept.length);
    origins.push(from);
    kept += text.slice(from, to);
  };
  for (const match of text.matchAll(unwanted)) {
    keep(match.index);
    from = match.index + match[0].length;
  }
  if (from === 0) return { text, at: (index) => index };
  keep(text.length);
  return {
    text: kept,
    at(index) {
      let piece = starts.length - 1;
      while (piece > 0 && starts[piece]! > index) piece -= 1;
      return (origins[piece] ?? 0) + index - (starts[piece] ?? 0);
    },
  };
}

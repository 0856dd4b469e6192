/** Colours and symbols of the terminal, and how wide a text is there. */
import { visible } from "../../base/visible-text.js";

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;
export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

export const colourful: Paint = (style, text) =>
  text === "" ? "" : `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;
export const plain: Paint = (_, text) => text;

/** Whether colours are wanted: the option, then NO_COLOR and FORCE_COLOR, then what the stream is. */
export function wantsColour(option: boolean | undefined, env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  if (option === false || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return isTTY && env.TERM !== "dumb";
}

export const SYMBOLS = {
  pass: "✔",
  fail: "✘",
  skip: "↷",
  unknown: "?",
  running: "•",
  pending: "·",
  incomplete: "!",
} as const;
export const STYLES: { [kind in keyof typeof SYMBOLS]: Style } = {
  pass: "green",
  fail: "red",
  skip: "cyan",
  unknown: "yellow",
  running: "blue",
  pending: "dim",
  incomplete: "magenta",
};
export const mark = (paint: Paint, kind: keyof typeof SYMBOLS): string => paint(STYLES[kind], SYMBOLS[kind]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const ESCAPES = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours and cursor movements of boards are what is removed
const LOOKS = /\x1b\[[0-9;?]*[ -/]*[@-~]|(?<!\r)\r+$/g;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}|\u200b|\u200d|\ufe0f/u;

export const stripEscapes = (text: string): string => text.replace(ESCAPES, "");

/** Text from outside as it may be shown: without its colours, all else that could steer the terminal escaped. */
export const harmless = (text: string): string => visible(text.replace(LOOKS, "").replace(/\t/g, "    "));

const charWidth = (char: string) => (COMBINING.test(char) ? 0 : WIDE.test(char) ? 2 : 1);

/** Columns that a text takes; escape sequences take none. */
export function width(text: string): number {
  const bare = stripEscapes(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  if (/^[\x00-\x7f]*$/.test(bare)) return bare.length;
  let columns = 0;
  for (const char of bare) columns += charWidth(char);
  return columns;
}

/** Cuts a text to so many columns, with `…` at the end; escape sequences stay whole and colours are ended. */
export function cutTo(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let out = "";
  let left = columns - 1;
  let coloured = false;
  for (let at = 0; at < text.length; ) {
    ESCAPES.lastIndex = at;
    const sequence = ESCAPES.exec(text);
    if (sequence?.index === at) {
      out += sequence[0];
      coloured = true;
      at += sequence[0].length;
      continue;
    }
    const char = String.fromCodePoint(text.codePointAt(at)!);
    left -= charWidth(char);
    if (left < 0) break;
    out += char;
    at += char.length;
  }
  ESCAPES.lastIndex = 0;
  return columns <= 0 ? "" : `${out}…${coloured ? "\x1b[0m" : ""}`;
}

/** `1.2 s`, `01:05`, `1:02:03`. */
export function shortTime(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const minutes = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
}

/** `27.3 MB`, of bytes. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

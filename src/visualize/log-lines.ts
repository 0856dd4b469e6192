/** Lines of logs.yaml, read for showing. */
export interface LogLine {
  /** Its number in the file, from 0. */
  number: number;
  /** ms since the Unix epoch; the time of the line before where it cannot be read. */
  t: number;
  level: string;
  text: string;
}

const LINE = /^- \{"dt": "([^"]+)", "lvl": "(\w+)", "msg": (.*)\}\s*$/s;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs;
const LETTERS: { [letter: string]: string } = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  _: "\u00a0",
  N: "\u0085",
  L: "\u2028",
  P: "\u2029",
};

/** What a double-quoted YAML text says. */
function unquote(quoted: string): string {
  return quoted.replace(ESCAPE, (_, x?: string, u?: string, U?: string, letter?: string) => {
    const code = x ?? u ?? U;
    if (code === undefined) return LETTERS[letter ?? ""] ?? letter ?? "";
    const point = Number.parseInt(code, 16);
    return point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  });
}

/** Anything that is no line of a log is shown as it stands. */
export function parseLogLine(line: string, number: number, before = 0): LogLine {
  const found = LINE.exec(line);
  if (!found) return { number, t: before, level: "", text: line };
  const [, dt = "", level = "", message = ""] = found;
  const t = Date.parse(dt);
  const micros = Number(/\.\d{3}(\d{3})/.exec(dt)?.[1] ?? 0) / 1000;
  const plain = /^"((?:[^"\\]|\\.)*)"(?:, "ns": .*)?$/s.exec(message);
  return {
    number,
    t: Number.isNaN(t) ? before : t + micros,
    level,
    text: plain ? unquote(plain[1] as string) : message,
  };
}

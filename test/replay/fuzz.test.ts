/** Damaged recordings of all kinds: an end or a clear error, never a hang, never another exception. */
import { expect, test } from "vitest";
import { UsageError } from "../../src/cli/usage-error.js";
import { BOOT, cast, folderOf, lavaLog, replayed, VERDICT } from "./recordings-of-tests.js";

/** The same numbers every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

function damage(text: string, below: (n: number) => number): Buffer {
  const lines = text.split(/(?<=\n)/);
  const bytes = () => Buffer.from(lines.join(""));
  switch (below(5)) {
    case 0:
      return bytes().subarray(0, below(text.length));
    case 1:
      lines.splice(below(lines.length), 1);
      return bytes();
    case 2:
      lines.splice(below(lines.length), 0, lines[below(lines.length)] as string);
      return bytes();
    case 3: {
      const a = below(lines.length);
      const b = below(lines.length);
      [lines[a], lines[b]] = [lines[b] as string, lines[a] as string];
      return bytes();
    }
    default: {
      const all = bytes();
      for (let i = 0; i < 8; i++) all[below(all.length)] = below(256);
      return all;
    }
  }
}

const CAST = cast(
  BOOT.flatMap(([t, level, text]): Parameters<typeof cast>[0] =>
    level === "target" ? [[t / 1000, "o", `${text}\r\n`]] : level === "input" ? [[t / 1000, "i", `${text}\n`]] : [],
  ),
);
const RAW = BOOT.flatMap(([, level, text]) => (level === "target" ? [`${text}\r\n`] : [])).join("");

test.each([
  ["logs.yaml", lavaLog([...BOOT, VERDICT])],
  ["console.cast", CAST],
  ["console.raw", RAW],
])(
  "%s",
  async (name, text) => {
    const below = random(name.length);
    const ends: { [how: string]: number } = {};
    for (let round = 0; round < 60; round++) {
      const end = await replayed(folderOf({ [name]: damage(text, below) })).then(
        ({ status }) => status,
        (error: unknown) => {
          if (!(error instanceof UsageError)) throw error;
          return "refused";
        },
      );
      ends[end] = (ends[end] ?? 0) + 1;
    }
    // All ways out are taken, so the damage is of many kinds.
    expect(Object.keys(ends).length).toBeGreaterThan(1);
  },
  60_000,
);

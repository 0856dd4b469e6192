/** A whole job, whatever way the bytes of its console come. */
import { expect, it } from "vitest";
import type { Rule } from "../connections/scripted-connection.js";
import { goodBoard, runVirtually } from "./virtual-board.js";

const boot = "\r\nU-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 ";
const cut = (text: string, size: number) => text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];

/** The good board, whose answers come in pieces of some size. */
const inPieces = (size: number): { [name: string]: Rule } =>
  Object.fromEntries(
    Object.entries(goodBoard).map(([name, rule]) => {
      const { output } = rule;
      if (output === undefined || typeof output === "function") return [name, rule];
      const whole = [output].flat().join("");
      return [name, { ...rule, output: cut(whole, size), delay: size > whole.length ? (rule.delay ?? 1) : 1 }];
    }),
  );

const LANES = ["dt", "duration", "starttc", "endtc"];
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, part) => (LANES.includes(key) ? undefined : part)));

it("cut to single characters, joined or as usual: the results are the same", async () => {
  const runs = [];
  for (const size of [1, 7, 100, 1e6])
    runs.push(
      await runVirtually({
        rules: inPieces(size),
        onReset: (board) => {
          for (const piece of cut(boot, size)) board.say(piece, 300);
          board.say("\r\n=> ", 400);
        },
      }),
    );
  for (const { verdict, results } of runs) {
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(withoutTimes(results)).toEqual(withoutTimes(runs[0]?.results));
  }
});

/** Plays a journal and some console on the live tree, in real time: to look at it. Bundled and started by hand or by a test. */
import { RealClock } from "../../src/base/clock.js";
import { LiveTree } from "../../src/cli/terminal/live-tree.js";
import { colourful } from "../../src/cli/terminal/paint.js";
import { summaryLines } from "../../src/cli/terminal/summary.js";
import { ReportBuilder } from "../../src/results/report-builder.js";
import { faulty, mixed, retried, START } from "../results/journals.js";

const journals = { mixed, retried, faulty };
const { records } = journals[(process.argv[2] as keyof typeof journals) ?? "mixed"]();
const clock = new RealClock();
const tree = new LiveTree(process.stdout, clock, colourful);
const begin = clock.now();
const builder = new ReportBuilder();
let line = 0;
const chatter = setInterval(() => {
  const message = `[    ${(line / 10).toFixed(6)}] random: kernel line ${line} of a board that boots with a rather long tail of words`;
  tree.write({ type: "log", t: clock.now(), level: "target", message, line: line++ });
}, 80);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
for (const record of records) {
  const moved = { ...record, t: begin + (record.t - START) };
  if (record.kind === "action" && record.status === "done" && record.level === "1.2.1")
    for (let part = 0; part <= 10; part++) {
      tree.write({
        type: "progress",
        level: "1.2.1",
        name: "http-download",
        progress: { label: "kernel", done: part * 2.7e6, total: 27e6 },
      });
      await wait(150);
    }
  await wait(Math.max(120, moved.t - clock.now()));
  builder.add(moved);
  tree.write({ type: "journal", record: moved });
}
clearInterval(chatter);
await tree.close();
console.log(summaryLines(builder.report(), { paint: colourful, directory: "lava-out/42" }).join("\n"));

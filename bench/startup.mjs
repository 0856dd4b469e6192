/** `validate`, the whole process, against bare Node and against `lava-run --validate` of an equivalent job. */
import { join } from "node:path";
import { ROOT } from "../scripts/lib/paths.mjs";
import { goal, noPeer, ratio } from "./goals.mjs";
import { qemuJob, qemuWords } from "./jobs.mjs";
import { inTurn, median, timeProcess } from "./measure.mjs";

const LEAN = " without NODE_EXTRA_CA_CERTS";

export async function measureStartup({ work, peer, rounds = 9 }) {
  const job = await qemuJob(work);
  const checked = (what, words, options) => async () => {
    const run = await timeProcess(words, options);
    if (run.code !== 0) throw new Error(`${what} ended with ${run.code}:\n${run.output.slice(-2000)}`);
    return run;
  };
  const ours = [join(ROOT, "dist/lava-dispatch.js"), "validate", "--device", job.device, job.file];
  const node = [process.execPath, "-e", "0"];
  // Node 20 reads these certificates before anything else, whether they are used or not.
  const { NODE_EXTRA_CA_CERTS: certificates, ...lean } = process.env;
  const runs = await inTurn(rounds, {
    "node -e 0": checked("node", node),
    "lava-dispatch validate": checked("lava-dispatch", ours),
    ...(certificates && {
      [`node -e 0${LEAN}`]: checked("node", node, { env: lean }),
      [`lava-dispatch validate${LEAN}`]: checked("lava-dispatch", ours, { env: lean }),
    }),
    ...(peer && {
      "lava-run --validate": checked("lava-run", [...qemuWords(peer, job, join(work, "peer-validate")), "--validate"], {
        env: peer.env,
      }),
    }),
  });
  const of = (name) => median(runs[name].map((run) => run.seconds));
  const rows = Object.entries(runs).map(([name, list]) => ({
    process: name,
    "median s": of(name),
    "min s": Math.min(...list.map((run) => run.seconds)),
    "peak MiB": median(list.map((run) => run.peak)),
    runs: list.length,
  }));
  const goals = (how) => {
    const bare = of(`lava-dispatch validate${how}`) / of(`node -e 0${how}`);
    const lava = peer && of(`lava-dispatch validate${how}`) / of("lava-run --validate");
    return [
      goal(`validate against bare node${how}`, ratio(bare), "at most 1.6 x", bare <= 1.6),
      peer
        ? goal(`validate against lava-run --validate${how}`, ratio(lava), "at most 0.33 x", lava <= 1 / 3)
        : noPeer(`validate against lava-run --validate${how}`),
    ];
  };
  return { rows, goals: [...goals(""), ...(certificates ? goals(LEAN) : [])] };
}

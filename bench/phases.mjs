/** Where a run's time went, read from its logs.yaml: the same reader for LAVA's and for ours. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `- {"dt": "…", "lvl": "…", "msg": …}`; older ones write no dash and no offset from UTC. */
const LINE = /^(?:- )?\{"dt": "([^"]+?)(?:\+00:00)?", "lvl": "(\w+)", (?:"ns": "[^"]*", )?"msg": (.*)\}\s*$/;

function readLines(output) {
  const lines = [];
  for (const text of readFileSync(join(output, "logs.yaml"), "utf8").split("\n")) {
    const match = LINE.exec(text);
    if (match) lines.push({ t: Date.parse(`${match[1]}Z`) / 1000, lvl: match[2], text: match[3] });
  }
  return lines;
}

/**
 * @param {string} output output directory
 * @param {{began: number, ended: number}} process seconds since the epoch, measured outside
 * @param {{boot: string, test: string, finalize: string}} levels of the blocks
 * @param {number} [powered] when the power came on; without it the start of the action that starts QEMU counts
 * @returns seconds by phase; `guest` is power on to shell prompt, `tests` the time in which the tests themselves ran
 */
export function readPhases(output, { began, ended }, levels, powered) {
  const lines = readLines(output);
  const find = (lvl, pattern, after = 0) =>
    lines.find((line) => (!lvl || line.lvl === lvl) && line.t >= after && pattern.test(line.text))?.t;
  const need = (what, t) => {
    if (t === undefined) throw new Error(`${output}/logs.yaml does not say: ${what}`);
    return t;
  };
  const start = (level) => need(`start of ${level}`, find(undefined, new RegExp(`^"start: ${level} `)));
  const end = (level) => need(`end of ${level}`, find(undefined, new RegExp(`^"end: ${level} `)));
  const on = powered ?? start(`${levels.boot}.1.1`);
  const prompt = need("shell prompt", find("target", /root@board:\/root#/, on));
  const runner = need("start of the tests", find("input", /lava-test-runner/));
  // A line without its end is logged late: the action's own end is the latest that it can have been.
  const exit = Math.min(
    need("end of the tests", find(undefined, /^"[^"]*<LAVA_TEST_RUNNER EXIT>/, runner)),
    end(levels.test),
  );
  const deploy = "1";
  return {
    start: start(deploy) - began,
    deploy: end(deploy) - start(deploy),
    "boot, dispatcher": end(levels.boot) - start(levels.boot) - (prompt - on),
    "test, dispatcher": end(levels.test) - start(levels.test) - (exit - runner),
    finalize: end(levels.finalize) - start(levels.finalize),
    exit: ended - end(levels.finalize),
    guest: prompt - on,
    tests: exit - runner,
    total: ended - began,
  };
}

/** What the dispatcher added: all but the guest's own boot and the tests themselves. */
export const added = (phases) => phases.total - phases.guest - phases.tests;

/** LAVA's device types of Debian's lava-server, rendered by us and by Python's Jinja2, each in a process of its own, in turn. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { importSource } from "../scripts/lib/import-source.mjs";
import { lavaDeviceTypes } from "../scripts/lib/lava-device-types.mjs";
import { CACHE, ROOT } from "../scripts/lib/paths.mjs";
import { goal, noPeer } from "./goals.mjs";
import { inTurn, median, timeProcess } from "./measure.mjs";

const PYTHON = "/usr/bin/python3";
/** What bench/templates.ts does, in Python. */
const IN_PYTHON = `
import json, os, sys, time
from jinja2 import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment
sys.path.insert(0, os.path.dirname(sys.argv[1]))
sys.argv = [sys.argv[0]] + sys.argv[2:]
sys.stdin = open(os.devnull)
import render
folder = sys.argv[1]
names = [name for name in os.listdir(folder) if name.endswith(".jinja2")]
env = render.environment({}, [folder])
def go():
    began = time.perf_counter()
    for name in names:
        kind = name[: -len(".jinja2")]
        env.from_string("{%% extends '%s' %%}\\n" % name).render(scheduled_device_name=kind + "-01", scheduled_device_type=kind)
    return (time.perf_counter() - began) * 1000
print(json.dumps({"types": len(names), "cold": go(), "warm": go()}))
`;

/** One child process that measures, and what it printed. */
async function childOf(words) {
  const { code, output } = await timeProcess(words);
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}: ${output.slice(-500)}`);
  return JSON.parse(output.trim().split("\n").at(-1));
}

export async function measureTemplates({ rounds = 5 }) {
  const folder = lavaDeviceTypes();
  const bundles = join(CACHE, "bench");
  mkdirSync(bundles, { recursive: true });
  await importSource(bundles, "templates", { entryPoints: [join(ROOT, "bench/templates.ts")] });
  const own = `import(${JSON.stringify(join(bundles, "templates.mjs"))}).then(({ measure }) => console.log(JSON.stringify(measure(${JSON.stringify(folder)}))))`;
  const render = join(ROOT, "src/device/python/render.py");
  const taken = await inTurn(rounds, {
    ours: () => childOf([process.execPath, "--input-type=module", "-e", own]),
    python: () => childOf([PYTHON, "-c", IN_PYTHON, render, folder]).catch(() => undefined),
  });
  const perSecond = (name, phase) => {
    const runs = taken[name];
    return runs.length === 0 ? undefined : (runs[0].types * 1000) / median(runs.map((run) => run[phase]));
  };
  const phases = ["cold", "warm"];
  return {
    rows: phases.map((phase) => ({
      "device types a second": phase,
      ours: perSecond("ours", phase),
      "Python's Jinja2": perSecond("python", phase),
    })),
    goals: phases.map((phase) => {
      const text = `LAVA's device types rendered, ${phase}`;
      const [ours, python] = [perSecond("ours", phase), perSecond("python", phase)];
      if (python === undefined) return noPeer(text);
      const value = `${ours.toFixed(0)} a second, Python's Jinja2 ${python.toFixed(0)}`;
      return phase === "cold" ? goal(text, value, "as many as Python", ours >= python) : goal(text, value);
    }),
  };
}

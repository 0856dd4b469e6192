/** Keys that every object of JavaScript has, in each kind of file that is read: they are keys like any other. */
import { describe, expect, test } from "vitest";
import { type JsonMap, own } from "../../src/base/json.js";
import { dispatcherSettings } from "../../src/cli/dispatcher-settings.js";
import { programEnvironment } from "../../src/cli/program-environment.js";
import { secretsOf } from "../../src/definition/secrets.js";
import { loadDevice } from "../../src/device/load-device.js";
import { constantsOf } from "../../src/pipeline/build-scope.js";
import { FactsReader } from "../../src/replay/lava-log-facts.js";
import { parseLavaRecord } from "../../src/replay/lava-log-line.js";
import { RecordedResults } from "../../src/replay/recorded-results.js";
import { createMasker } from "../../src/results/mask.js";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { reportHtml } from "../../src/results/report-html.js";
import { checkDefinition, readYaml } from "../../src/services/overlay/definition.js";
import { givenVariables } from "../../src/services/overlay/environment.js";
import { parameterLines, parameterValue } from "../../src/services/overlay/parameter-lines.js";
import { noTests, takePattern, takeSignal } from "../../src/statechart/test-signals.js";
import { loadMachines } from "../../src/strategies/load-machines.js";
import { Timeline } from "../../src/visualize/timeline.js";
import { cast, folderOf, lavaLog, replayed } from "../replay/recordings-of-tests.js";
import { JournalWriter, mixed } from "../results/journals.js";

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

/** A map is plain, and so is all in it. */
function expectPlain(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) expect([Object.prototype, null]).toContain(Object.getPrototypeOf(value));
  for (const each of Object.values(value)) expectPlain(each);
}
const device = (text: string, file: string, types: { [name: string]: string } = {}, context: JsonMap = {}) =>
  loadDevice(text, file, {
    context,
    template: (name) => (Object.hasOwn(types, name) ? { file: name, text: types[name]! } : undefined),
    jinja: {
      find: (name) => (Object.hasOwn(types, name) ? { file: name, text: types[name]! } : undefined),
      folders: [],
      names: () => Object.keys(types),
    },
  });
const texts = (problems: { severity: string; message: string }[]) =>
  problems.map(({ severity, message }) => `${severity}: ${message}`).join("\n");
const BODY = `
---
actions: { boot: { methods: {} }, deploy: { methods: {} } }
commands: { connect: {{x}} }
`;

/** What reads each kind of file; it is given the key. */
const READERS: { [file: string]: (name: string) => unknown } = {
  "a device dictionary: no variable of its type": async (name) => {
    const { device: read, problems } = await device(`extends: t\n${name}: { a: 1 }\n`, "d.yaml", {
      t: `---\nvariables: { x: y }${BODY}`,
    });
    expect(texts(problems)).toContain(`warning: the device type t has no variable "${name}"`);
    expect(own(read.commands as JsonMap, "connect")).toBe("y");
    expectPlain(read);
  },
  "a device dictionary: merged over the rendered one": async (name) => {
    const { device: read } = await device(`extends: t\ndevice: { commands: { ${name}: { a: 1 } } }\n`, "d.yaml", {
      t: `---\nvariables: { x: y }${BODY}`,
    });
    expect(Object.entries(read.commands as JsonMap)).toEqual([
      ["connect", "y"],
      [name, { a: 1 }],
    ]);
    expectPlain(read);
  },
  "a dictionary that extends it": async (name) => {
    const { problems } = await device(`extends: ${name}\n`, "d.yaml");
    expect(texts(problems)).toBe(`error: there is no device type "${name}"`);
    expect(texts((await device(`{% extends '${name}' %}`, "d.jinja2")).problems)).toContain(
      `error: there is no template "${name}"`,
    );
  },
  "a device type: a variable, set by the dictionary and by the job": async (name) => {
    const types = {
      t: `---\nvariables: { x: y, ${name}: 1 }\ncontext: { z: 1 }${BODY}`,
      u: `---\ncontext: { x: y, ${name}: 1 }${BODY}`,
    };
    const { device: read, problems } = await device(`extends: t\n${name}: 2\n`, "d.yaml", types);
    expect(texts(problems)).toBe("");
    expectPlain(read);
    const context = Object.fromEntries([[name, "no number"]]);
    expect(texts((await device("extends: u\n", "d.yaml", types, context)).problems)).toBe(
      `error: the job's context.${name} must be a number, but is no number`,
    );
    expect(texts((await device("extends: t\n", "d.yaml", types, context)).problems)).toBe(
      `warning: context.${name} of the job has no effect: only the device dictionary may set it`,
    );
  },
  "a device in Jinja2: set, asked for, and a key of a dict": async (name) => {
    const body = `actions: { boot: { methods: {} } }\ncommands: { connect: "{{ {'${name}': 'k'}['${name}'] }}", reset: "{{ ${name}.a }}", power: "{{ {}['${name}'] }}" }\n`;
    const { device: read, problems } = await device(`{% set ${name} = {'a': 's'} %}\n${body}`, "d.jinja2");
    expect(texts(problems)).not.toContain("error");
    expect(read.commands).toEqual({ connect: "k", reset: "s", power: "" });
    const ours = await device(`{% extends 't' %}\n{% set ${name} = {'a': 1} %}\n`, "d.jinja2", {});
    expect(texts(ours.problems)).toContain('there is no template "t"');
  },
  "a dictionary in Jinja2 for a type of our own": async (name) => {
    const source = { template: () => ({ file: "t", text: `---\nvariables: { x: y }${BODY}` }) };
    const { device: read, problems } = await loadDevice(
      `{% extends 't.jinja2' %}\n{% set ${name} = {'x': 'z', 'extends': 'u'} %}\n`,
      "d.jinja2",
      source,
    );
    expect(texts(problems)).toContain(`the device type t has no variable "${name}"`);
    expect((read.commands as JsonMap).connect).toBe("y");
  },
  "a machines file: names of what stands elsewhere": (name) => {
    const step = (what: string) => `fragment: f\npipeline:\n- action: a\n  summary: s\n  description: d\n  ${what}\n`;
    const faults = (what: string) =>
      texts(loadMachines([{ file: "m.yaml", text: step(what) }], { services: { "no-service": [] } }).problems);
    expect(faults(`run: { dialogue: ${name}, with: { a: "1" } }`)).toMatch(/no dialogue|dialogue.*must match/);
    expect(faults(`run: { service: ${name}, with: { a: "1" } }`)).toMatch(/no service|service.*must match/);
    expect(faults(`diagnose: [ ${name} ]`)).toMatch(/no diagnosis|must match/);
    expect(texts(loadMachines([{ file: "m.yaml", text: `${name}: 1\n` }]).problems)).toContain(
      "This is no file of machines/",
    );
    expect(faults(`${name}: 1`)).toMatch(new RegExp(`${name}`));
  },
  "constants of a device, a deployment and a context": (name) => {
    const some = Object.fromEntries([[name, "v"]]);
    const defaults = { constants: { prefix: { a: "1" } } } as never;
    for (const constants of [
      constantsOf({ constants: some }, defaults, {}, {}),
      constantsOf({}, defaults, some, {}),
      constantsOf({}, defaults, {}, some),
    ]) {
      expect(own(constants, name)).toBe("v");
      expect((constants.prefix as JsonMap).a).toBe("1");
      expectPlain(constants);
    }
  },
  "a test definition: parameters, fixupdict, unknown keys": async (name) => {
    const text = `metadata: { format: Lava-Test Test Definition 1.0, name: n, ${name}: 1 }\nrun: { steps: [ x ], ${name}: 1 }\n${name}: 1\ninstall: { deps-${name}: [ p ], ${name}: 1 }\nparse: { pattern: x, fixupdict: { ${name}: pass } }\nparams: { ${name}: v }\nparameters: {}\n`;
    const { definition } = checkDefinition(await readYaml(text, "d"), "d");
    expect(Object.entries(definition.fixupdict!)).toEqual([[name, "pass"]]);
    expect(own(definition.install!.distroDeps, name)).toEqual(["p"]);
    const none = { parameters: {}, params: {} };
    expect(parameterValue(name, definition, none)).toBe("v");
    expect(parameterValue(name, { ...definition, params: {} }, none)).toBeUndefined();
    expect(parameterLines(definition, none)).toContain(`${name}='v'`);
    expectPlain(definition);
  },
  "variables of the job and the device": (name) => {
    const some = Object.fromEntries([[name, "v"]]);
    expect(givenVariables({ environment: some }, some, () => {})).toEqual([[name, "v"]]);
  },
  "what a test reports": (name) => {
    const scope = { now: 0, level: "1", namespace: "common", tests: {} };
    const signal = (word: string, ...params: string[]) => ({ name: word, params, complete: true, raw: "", line: 7 });
    let state = takeSignal(noTests(), signal("STARTRUN", name, "u"), scope);
    expect(state.run).toMatchObject({ id: name });
    for (const word of ["STARTTC", "ENDTC"]) state = takeSignal(state, signal(word, name), scope);
    state = takeSignal(state, signal("TESTCASE", `TEST_CASE_ID=${name}`, "RESULT=pass", `${name}=x`), scope);
    expect(state.out.results).toEqual([{ definition: name, case: name, result: "pass", starttc: 7, endtc: 7 }]);
    state = takeSignal(state, signal("TESTCASE", "TEST_CASE_ID=a", `RESULT=${name}`), scope);
    expect(state.out.results).toMatchObject([{ case: "a", result: "unknown" }]);
    state = takePattern(
      state,
      Object.fromEntries([
        ["test_case_id", name],
        ["result", name],
      ]),
      1,
      scope,
    );
    expect(state.out.results).toMatchObject([{ case: name, result: "unknown" }]);
  },
  "an expected case that was not reported": (name) => {
    const tests = { "0": { id: "0_a", uuid: "u", expected: [name] } };
    const scope = { now: 0, level: "1", namespace: "common", tests };
    const run = (word: string) => ({ name: word, params: ["0_a", "u"], complete: true, raw: "", line: 1 });
    const ended = takeSignal(takeSignal(noTests(), run("STARTRUN"), scope), run("ENDRUN"), scope);
    expect(ended.out.results[0]).toMatchObject({ case: name, result: "fail" });
  },
  "the dispatcher's settings": (name) => {
    const { settings, problems } = dispatcherSettings(`${name}: { a: 1 }\nprefix: p\n`, "dispatcher.yaml");
    expect(problems).toEqual([]);
    expect(Object.entries(settings)).toEqual([
      [name, { a: 1 }],
      ["prefix", "p"],
    ]);
    expectPlain(settings);
  },
  "secrets: hidden, and in no environment": (name) => {
    const job = { secrets: Object.fromEntries([[name, "a-long-secret"]]) };
    const { values } = secretsOf(job);
    expect(values).toEqual(["a-long-secret"]);
    const { env, note } = programEnvironment({ PATH: "/bin" }, { job, jobId: "1", dispatcher: {} });
    expect(Object.keys(env)).toEqual(["PATH", "LAVA_JOB_ID"]);
    expect(note).toContain(JSON.stringify(name));
    const allowed = programEnvironment({}, { job, jobId: "1", dispatcher: { job_environment: [name] } });
    expectPlain(allowed.env);
    const masked = createMasker(values).json(Object.fromEntries([[name, ["a-long-secret"]]]) as JsonMap);
    expect(Object.entries(masked)).toEqual([[name, ["[MASKED]"]]]);
  },
  "a journal: a word of a result, a status, a namespace": async (name) => {
    const report = await reportFromJournal(mixed().lines());
    for (const action of report.actions) action.status = name as never;
    const html = reportHtml(report, { rows: [], omitted: { count: 0, before: 0 } });
    expect(html).not.toContain("native code");
    const writer = new JournalWriter([name]).after(1).action("1", name as never);
    writer.records.push({
      kind: "result",
      seq: writer.records.length,
      t: writer.t,
      level: "1",
      attempt: 1,
      log_line: 0,
      result: { definition: name, case: name, result: name },
    });
    expect((await reportFromJournal(writer.lines())).problems.join()).toContain("is no result");
    const timeline = new Timeline();
    for (const line of writer.lines()) timeline.addLine(line);
    expect(timeline.broken).toBe(0);
    expectPlain(timeline.at(timeline.records.length).data);
  },
  "a recording: words of results": (name) => {
    const results = new RecordedResults();
    for (const word of [name, "pass", name]) results.take({ definition: "0_a", case: `${name}${word}`, result: word });
    expect(Object.entries(results.counts())).toEqual([
      [name, 1],
      ["pass", 1],
    ]);
  },
  "a log of LAVA: the type of the job's error": (name) => {
    const facts = new FactsReader("log");
    const text = `- {"dt": "2026-01-01T00:00:00.000000", "lvl": "results", "msg": {"definition": "lava", "case": "job", "result": "fail", "error_type": "${name}", "error_msg": "m", "${name}": 1}}`;
    facts.take({ ...parseLavaRecord(text)!, place: "log:1" });
    const invalid = text.replace('"case": "job"', '"case": "validate"');
    facts.take({ ...parseLavaRecord(invalid)!, place: "log:2" });
    const { verdict, validation } = facts.result();
    expect(verdict?.error).toEqual({ type: name, message: "m" });
    expect(validation).toEqual([{ class: "JobError", type: name, message: "m" }]);
  },
  "a log of LAVA, replayed": async (name) => {
    const log = lavaLog([
      [0, "info", `start: 1 ${name} (timeout 00:01:00) [${name}]`],
      [10, name, name],
      [20, "results", { definition: name, case: name, result: name, level: name }],
      [30, "results", { definition: "lava", case: "validate", result: "fail" }],
      [40, "results", { definition: "lava", case: "job", result: "fail", error_type: name, error_msg: name }],
    ]);
    const { report } = await replayed(folderOf({ "logs.yaml": log }));
    // What the log says of the job is told as a bug only when it says so.
    expect(report.verdict.summary).toContain(name);
    expect(report.verdict.error?.message).not.toContain("constructor(");
  },
  "console.cast: another key of its head": async (name) => {
    const text = cast([[1, "o", `${name}\r\n`]]).replace('"version":2', `"version":2,"${name}":{"a":1}`);
    const { status } = await replayed(folderOf({ "console.cast": text }));
    expect(status).not.toBe("failed");
  },
};

describe.each(Object.entries(READERS))("%s", (_, read) => {
  test.each(NAMES)("%s", async (name) => {
    await read(name);
  });
});

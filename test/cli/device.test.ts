import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CliContext } from "../../src/cli/context.js";
import { runCli } from "../../src/cli/run-cli.js";
import { cliContext } from "./cli-context.js";

/** A device type in the way of LAVA's. */
const BOARD = `hostname: {{ scheduled_device_name }}
devicetype: {{ scheduled_device_type }}
constants: {failure_retry: 1, boot_retry: 1}
commands:
{% if connection_command %}
  connect: {{ connection_command }}
{% endif %}
{% if power_on_command %}
  power_on: {{ power_on_command }}
{% endif %}
parameters:
  size: {{ memory|default(512) }}
actions:
  deploy: {methods: {tftp: null}}
  boot: {connections: {serial: null}, methods: {minimal: null}}
timeouts: {actions: {}, connections: {}}
`;
const DICTIONARY = `{% extends 'board.jinja2' %}
{% set connection_command = 'telnet ser2net 7001' %}
`;

let lab: string;
beforeEach(() => {
  lab = mkdtempSync(join(tmpdir(), "lab-"));
  for (const folder of ["devices", "device-types"]) mkdirSync(join(lab, folder));
  writeFileSync(join(lab, "device-types/board.jinja2"), BOARD);
  writeFileSync(join(lab, "devices/b-01.jinja2"), DICTIONARY);
});
afterEach(() => rmSync(lab, { recursive: true }));

async function device(words: string, more: Partial<CliContext> = {}) {
  const context = cliContext({ cwd: lab, lavaRoot: join(lab, "nothing"), ...more });
  const code = await runCli(
    ["device", ...(words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ""))],
    context,
  );
  return { code, out: context.out(), err: context.err() };
}
const inLab = (file: string) => readFileSync(join(lab, file), "utf8");

describe("device list", () => {
  it("names the devices of a folder with their types, and those that are built in", async () => {
    const { code, out } = await device("list --devices devices");
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^b-01 +board +devices\/b-01\.jinja2$/);
    expect(out).toMatch(/^qemu-x86_64 +qemu /m);
    const { out: json } = await device("list --devices devices --json");
    expect(JSON.parse(json)[0]).toEqual({ name: "b-01", type: "board", file: "devices/b-01.jinja2" });
  });

  it("lists the device types that can be extended", async () => {
    const { out } = await device("list --types --device-types device-types --json");
    const types = JSON.parse(out) as { name: string; file: string }[];
    expect(types).toContainEqual({ name: "board", file: "device-types/board.jinja2" });
    expect(types.map(({ name }) => name)).toContain("beaglebone-black");
  });

  it("finds what an installed LAVA server has", async () => {
    const etc = join(lab, "lava/etc/lava-server/dispatcher-config");
    const share = join(lab, "lava/usr/share/lava-server/device-types");
    for (const folder of [join(etc, "devices"), join(etc, "device-types"), share])
      mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(etc, "devices/rack-07.jinja2"),
      "{% extends 'rack.jinja2' %}{% set connection_command = 'telnet' %}",
    );
    writeFileSync(join(share, "rack.jinja2"), "{% extends 'common.jinja2' %}");
    writeFileSync(join(share, "common.jinja2"), "broken: [");
    writeFileSync(join(etc, "device-types/common.jinja2"), BOARD);
    const installed = { lavaRoot: join(lab, "lava") };
    expect((await device("list", installed)).out).toMatch(/^rack-07 +rack /m);
    const { out, err, code } = await device("review rack-07 --json", installed);
    expect(err).toBe("");
    expect([code, JSON.parse(out).hostname]).toEqual([0, "rack-07"]);
  });

  it("a folder that is not there is told", async () => {
    expect(await device("list --devices nowhere")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Cannot read the devices folder"),
    });
  });
});

describe("device show", () => {
  it("prints what the dictionary says", async () => {
    expect((await device("show b-01 --devices devices")).out).toBe(
      "b-01, of the type board (devices/b-01.jinja2)\n  connection_command: telnet ser2net 7001\n",
    );
    const { out } = await device("show b-01 --devices devices --json");
    expect(JSON.parse(out)).toEqual({
      name: "b-01",
      file: "devices/b-01.jinja2",
      form: "jinja",
      type: "board",
      variables: { connection_command: "telnet ser2net 7001" },
    });
  });
});

describe("device review", () => {
  it("prints the configuration, as YAML, as JSON and as the templates have written it", async () => {
    const { out, code } = await device("review b-01 --devices devices");
    expect(code).toBe(0);
    expect(out).toContain("hostname: b-01\ndevicetype: board\n");
    expect(out).toContain("commands:\n  connect: telnet ser2net 7001\n");
    expect(JSON.parse((await device("review b-01 --devices devices --json")).out).parameters).toEqual({ size: 512 });
    expect((await device("review b-01 --devices devices --text")).out).toContain(
      "parameters:\n  size: 512\nactions:\n  deploy: {methods: {tftp: null}}",
    );
  });

  it("takes a job's context and variables", async () => {
    const { out } = await device(
      "review b-01 --devices devices --context memory=2048 --set 'power_on_command=pdu on' --json",
    );
    expect(JSON.parse(out)).toMatchObject({ parameters: { size: 2048 }, commands: { power_on: "pdu on" } });
  });

  it("a configuration that is broken is not printed", async () => {
    writeFileSync(join(lab, "devices/bad.jinja2"), "{% extends 'board.jinja2' %}\n{% set memory = '[' %}\n");
    const { code, out, err } = await device("review bad --devices devices");
    expect([code, out]).toEqual([3, ""]);
    expect(err).toContain("device-types/board.jinja2:");
  });

  it("a parent that is missing is told with the dictionary's line", async () => {
    writeFileSync(join(lab, "devices/bad.jinja2"), "\n{% extends 'bord.jinja2' %}\n");
    const { code, err } = await device("review bad --devices devices");
    expect(code).toBe(3);
    expect(err).toContain('devices/bad.jinja2:2:1: error: there is no template "bord.jinja2"');
    expect(err).toContain('did you mean "board.jinja2"?');
  });

  it("Python's Jinja2 renders what ours does not know", async () => {
    writeFileSync(
      join(lab, "devices/odd.jinja2"),
      `${DICTIONARY}{% set memory = 'c="a"' if {'c': 'a'}|xmlattr else 1 %}`,
    );
    const { code, err } = await device("review odd --devices devices --json");
    expect(code).toBe(3);
    expect(err).toContain("devices/odd.jinja2:3:1: error: the filter 'xmlattr' is not supported");
    expect(err).toContain("--jinja python");
    const python = await device("review odd --devices devices --jinja python --json", {
      env: { PATH: process.env.PATH },
    });
    expect(python.err).toBe("");
    expect(JSON.parse(python.out)).toMatchObject({ hostname: "odd", parameters: { size: 'c="a"' } });
  });

  it.each([
    ["an endless loop", "{% set l = [1] %}{% for i in l %}{% set _ = l.append(1) %}{% endfor %}", "takes more than"],
    ["100 MB of output", "{% for i in range(99999) %}{{ 'x' * 1024 }}{% endfor %}", "writes more than"],
    ["recursion", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"],
    ["a look at Python's insides", "{{ ''.__class__.__mro__ }}", "unsafe"],
    ["a file outside the folders", "{% include '../../etc/passwd' %}", "there is no template"],
  ])("Python's Jinja2 has the same bounds: %s", { timeout: 60_000 }, async (_, text, expected) => {
    writeFileSync(join(lab, "devices/odd.jinja2"), text);
    const { code, err } = await device("review odd --devices devices --jinja python", {
      env: { PATH: process.env.PATH },
    });
    expect(err).toContain(expected);
    expect(code).toBe(3);
  });
});

describe("device export and import", () => {
  it("a dictionary goes from one form to the other and back", async () => {
    const yaml = await device("export b-01 --devices devices --format yaml");
    expect(yaml).toEqual({ code: 0, err: "", out: "extends: board\nconnection_command: telnet ser2net 7001\n" });
    writeFileSync(join(lab, "b-02.yaml"), yaml.out);
    expect((await device("import b-02.yaml --devices devices")).out).toBe("b-02: added (devices/b-02.yaml)\n");
    expect((await device("export b-02 --devices devices")).out).toBe(DICTIONARY);
    expect(JSON.parse((await device("export b-02 --devices devices --json")).out)).toEqual({
      extends: "board",
      connection_command: "telnet ser2net 7001",
    });
  });

  it("the original design's example is taken as it is, whatever its name ends with", async () => {
    const text = "{% extends 'panda.jinja2' %}\n{% set connection_command = 'telnet droopy 4001' %}\n";
    writeFileSync(join(lab, "mypanda.yaml"), text);
    expect((await device("import mypanda.yaml --devices devices")).out).toBe(
      "mypanda: added (devices/mypanda.jinja2)\n",
    );
    expect(inLab("devices/mypanda.jinja2")).toBe(text);
    // no template of LAVA's is there: our own device type of the name stands in
    const { out } = await device("review mypanda --devices devices --json");
    expect(JSON.parse(out)).toMatchObject({ devicetype: "panda", commands: { connect: "telnet droopy 4001" } });
    expect((await device("import mypanda.yaml --devices devices")).out).toContain("updated");
  });

  it("values of all kinds keep what they are", async () => {
    const values =
      'n: 1\nf: 2.5\nb: true\nnothing: null\ntext: "it\'s \\"quoted\\" \\\\ \\n\\t €"\nlist: [a, [1], {k: no}]\nmap: {a b: \'True\'}\n';
    writeFileSync(join(lab, "devices/all.yaml"), `extends: board\n${values}`);
    const { out: jinja } = await device("export all --devices devices");
    writeFileSync(join(lab, "devices/back.jinja2"), jinja);
    const [one, other] = [
      await device("show all --devices devices --json"),
      await device("show back --devices devices --json"),
    ];
    expect(JSON.parse(other.out).variables).toEqual(JSON.parse(one.out).variables);
  });

  it("one that does not work is not taken", async () => {
    writeFileSync(join(lab, "bad.jinja2"), "{% extends 'board.jinja2' %}\n{% set x = nothing.at.all %}\n");
    const { code, err } = await device("import bad.jinja2 --devices devices");
    expect(code).toBe(3);
    expect(err).toContain("bad.jinja2:2:1: error: 'nothing' is undefined");
    expect(err).toContain("bad: not imported");
    expect(existsSync(join(lab, "devices/bad.jinja2"))).toBe(false);
    writeFileSync(join(lab, "rendered.yaml"), (await device("review b-01 --devices devices")).out);
    expect((await device("import rendered.yaml --devices devices")).err).toContain("it extends no device type");
  });

  it("a name cannot lead out of the folder", async () => {
    const { code, err } = await device("import devices/b-01.jinja2 --name ../../x --devices devices");
    expect(code).toBe(2);
    expect(err).toContain("cannot be the name of a device");
  });
});

describe("device check", () => {
  it("tells variables that no template reads, and what they may have meant", async () => {
    writeFileSync(join(lab, "devices/b-02.jinja2"), `${DICTIONARY}{% set conection_command = 'x' %}\n`);
    const { code, out, err } = await device("check --devices devices");
    expect(code).toBe(0);
    expect(out).toBe("b-01: usable\nb-02: usable, 1 warning\n");
    expect(err).toContain('devices/b-02.jinja2:3:1: warning: no template reads the variable "conection_command"');
    expect(err).toContain('did you mean "connection_command"?');
  });

  it("goes on after a device that is broken, and says so in its exit code", async () => {
    writeFileSync(join(lab, "devices/a-00.jinja2"), "{% extends 'none.jinja2' %}");
    const { code, out } = await device("check --devices devices");
    expect(code).toBe(3);
    expect(out).toBe("a-00: 1 error\nb-01: usable\n");
    const json = await device("check --devices devices --json");
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject([
      { name: "a-00", usable: false, problems: [{ severity: "error", file: "devices/a-00.jinja2", line: 1 }] },
      { name: "b-01", usable: true, problems: [] },
    ]);
  });

  it("a name that is nowhere is told", async () => {
    const { code, err } = await device("check b-10 --devices devices");
    expect(code).toBe(2);
    expect(err).toContain('Did you mean "b-01"?');
  });
});

describe("device new", () => {
  it("writes a dictionary from flags", async () => {
    const { code, out, err } = await device(
      "new b-03 --type board --device-types device-types --devices devices --connection-command 'telnet x 1' --set memory=1024",
    );
    expect([code, out, err]).toEqual([0, "devices/b-03.jinja2\n", ""]);
    expect(inLab("devices/b-03.jinja2")).toBe(
      "{% extends 'board.jinja2' %}\n{% set memory = '1024' %}\n{% set connection_command = 'telnet x 1' %}\n",
    );
  });

  it("asks on a terminal for what the device type reads", async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    stdin.end("board\ntelnet x 2\n\n");
    const { code, err } = await device("new b-04 --device-types device-types --devices devices --format yaml", {
      stdin,
    });
    expect(code).toBe(0);
    // this type has no commands for off and reset: they are not asked for
    expect(err).toBe("Device type: Command that reaches the console: Command that switches it on: ");
    expect(inLab("devices/b-04.yaml")).toBe("extends: board\nconnection_command: telnet x 2\n");
  });

  it("writes none over another, and none of a type that is not there", async () => {
    expect((await device("new b-01 --type board --device-types device-types --devices devices")).err).toContain(
      "There is a device b-01 already: devices/b-01.jinja2",
    );
    expect((await device("new b-05 --type bord --device-types device-types --devices devices")).err).toContain(
      'Did you mean "board"?',
    );
    expect((await device("new b-05 --devices devices")).err).toContain("No device type was given.");
    expect(readdirSync(join(lab, "devices"))).toEqual(["b-01.jinja2"]);
  });
});

describe("device diff", () => {
  it("compares key by key", async () => {
    writeFileSync(
      join(lab, "devices/b-02.jinja2"),
      "{% extends 'board.jinja2' %}\n{% set power_on_command = ['a', 'b'] %}\n{% set memory = 512 %}",
    );
    const { code, out } = await device("diff b-01 b-02 --devices devices");
    expect(code).toBe(1);
    expect(out).toBe(
      "- hostname: b-01\n+ hostname: b-02\n- commands.connect: telnet ser2net 7001\n+ commands.power_on: [a, b]\n",
    );
    const json = await device("diff b-01 b-02 --devices devices --json");
    expect(JSON.parse(json.out)).toContainEqual({ path: "commands.connect", "b-01": "telnet ser2net 7001" });
    expect(await device("diff b-01 b-01 --devices devices")).toEqual({ code: 0, out: "", err: "" });
  });
});

describe("jobs", () => {
  it("find a device by its name", async () => {
    const job =
      "device_type: board\njob_name: j\ntimeouts: {job: {minutes: 5}}\nvisibility: public\ncontext: {memory: 9}\nactions:\n- deploy: {to: tftp, kernel: {url: 'http://x/y', type: image}}\n- boot: {method: minimal, prompts: ['#']}\n";
    writeFileSync(join(lab, "job.yaml"), job);
    const context = cliContext({ cwd: lab, lavaRoot: lab });
    const words = ["describe", "--devices", "devices", "--device", "b-01", "--format", "json", "job.yaml"];
    expect([await runCli(words, context), context.err()]).toEqual([0, ""]);
    expect(context.out()).toContain("minimal-boot");
  });
});

import { describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { type LoadDeviceOptions, loadDevice } from "../../src/device/load-device.js";
import { shown } from "../definition/golden-problems.js";

/** Device types in the way of LAVA's: a base, and one that stands on it. */
const TYPES: { [name: string]: string } = {
  "base.jinja2": `hostname: {{ scheduled_device_name }}
devicetype: {{ scheduled_device_type }}
constants:
  uboot-final-message: "Starting kernel
with a line at column 0"
commands:
{% if connection_command %}
  connect: {{ connection_command }}
{% endif %}
{% if power_on_command %}
  power_on: {{ power_on_command }}
{% endif %}
parameters:
  delays: {{ character_delays|default([10, 20]) }}
  delay: {{ boot_character_delay|default(5) }}
{% block body %}{% endblock %}
timeouts:
  actions:
    uboot-action:
      minutes: {{ boot_minutes|default(3) }}
  connections: {}
`,
  "board.jinja2": `{% extends 'base.jinja2' %}
{% set console_device = console_device|default('ttyS0') %}
{% block body %}
actions:
  deploy:
    methods:
      tftp:
    connections:
      serial:
  boot:
    connections:
      serial:
    methods:
      u-boot:
        parameters:
          bootloader_prompt: {{ bootloader_prompt|default('=>') }}
        ramdisk:
          commands:
          - "setenv bootargs console={{ console_device }} {{ extra_kernel_args }}"
{% endblock %}
`,
};
const find = (name: string) => (Object.hasOwn(TYPES, name) ? { file: `types/${name}`, text: TYPES[name]! } : undefined);
const load = (text: string, options: Partial<LoadDeviceOptions> = {}, file = "devices/board-01.jinja2") =>
  loadDevice(text, file, {
    template: () => undefined,
    jinja: { find, folders: [], names: () => Object.keys(TYPES) },
    ...options,
  });
const DICTIONARY = "{% extends 'board.jinja2' %}\n{% set connection_command = 'telnet ser2net 7001' %}\n";
const bootargs = (device: JsonMap): unknown => JSON.stringify(device).match(/setenv bootargs ([^"]*)/)?.[1];

describe("a dictionary in Jinja2", () => {
  it("becomes a configuration, with the device's name and type", async () => {
    const { device, problems } = await load(DICTIONARY);
    expect(shown(problems)).toBe("");
    expect(device).toMatchObject({
      hostname: "board-01",
      devicetype: "board",
      constants: { "uboot-final-message": "Starting kernel with a line at column 0" },
      commands: { connect: "telnet ser2net 7001" },
      parameters: { delays: [10, 20], delay: 5 },
    });
  });

  it("what a job's context says reaches the template, but not what the dictionary sets", async () => {
    const context = { extra_kernel_args: "quiet", console_device: "ttyAMA0", boot_character_delay: 7 };
    const { device } = await load(DICTIONARY, { context });
    expect(bootargs(device)).toBe("console=ttyAMA0 quiet");
    expect(device.parameters).toMatchObject({ delay: 7 });
    const set = await load(`${DICTIONARY}{% set console_device = 'ttyO0' %}`, { context });
    expect(bootargs(set.device)).toBe("console=ttyO0 quiet");
  });

  it("a job cannot set a command of the worker, nor the device's name", async () => {
    const context = { power_on_command: "rm -rf /", scheduled_device_name: "other" };
    const { device, problems } = await load(DICTIONARY, { context });
    expect(device.commands).toEqual({ connect: "telnet ser2net 7001" });
    expect(device.hostname).toBe("board-01");
    expect(shown(problems)).toContain("context.power_on_command of the job has no effect");
  });

  it("a command line sets over the dictionary", async () => {
    const { device, problems } = await load(DICTIONARY, { variables: { connection_command: "telnet x '1'" } });
    expect(shown(problems)).toBe("");
    expect(device.commands).toEqual({ connect: "telnet x '1'" });
  });

  it("places are those of the template that has the line", async () => {
    const { parsed } = await load(DICTIONARY);
    expect(parsed.locate(["commands", "connect"])).toMatchObject({ file: "types/base.jinja2", line: 8 });
    expect(parsed.sourceAt(parsed.locate(["commands", "connect"])!)).toBe("  connect: {{ connection_command }}");
    expect(parsed.locate(["actions", "boot", "methods", "u-boot", "parameters", "bootloader_prompt"])).toMatchObject({
      file: "types/board.jinja2",
      line: 16,
    });
  });

  it("tells which variables no template reads", async () => {
    const text = `${DICTIONARY}{% set conection_command = 'x' %}\n{% set pdu = 'pdu' %}\n{% set power_on_command = pdu ~ ' on' %}`;
    const { problems } = await load(text, { tellUnread: true });
    expect(shown(problems)).toMatchInlineSnapshot(`
      "devices/board-01.jinja2:3:1: warning: no template reads the variable "conection_command"
          3 | {% set conection_command = 'x' %}
            | ^
            = did you mean "connection_command"?
      "
    `);
  });
});

describe("a dictionary in YAML of a device type in Jinja2", () => {
  const text =
    "extends: board\nconnection_command: telnet a 'b' \"c\"\ncharacter_delays: [1, 2.5, null]\ndevice:\n  parameters: {label: x}\n";

  it("becomes the same configuration", async () => {
    const { device, problems } = await load(text, {}, "devices/board-02.yaml");
    expect(shown(problems)).toBe("");
    expect(device).toMatchObject({
      hostname: "board-02",
      commands: { connect: "telnet a 'b' \"c\"" },
      parameters: { delays: [1, 2.5, "None"], label: "x" },
    });
  });

  it("errors in its values have their place in it", async () => {
    const { problems } = await load("extends: board\nboot_minutes: '{'\n", {}, "devices/b.yaml");
    expect(problems[0]?.location).toMatchObject({ file: "types/base.jinja2", line: 21 });
  });
});

describe("a dictionary in Jinja2 of a device type that only we have", () => {
  it("is rendered with ours", async () => {
    const template = (name: string) =>
      name === "own"
        ? {
            file: "own.yaml.hbs",
            text: "---\nvariables:\n  connection_command: null\n---\ncommands:\n  connect: {{connection_command}}\nactions: {deploy: {methods: {}}, boot: {methods: {}, connections: {}}}\nconstants: {}\nparameters: {}\ntimeouts: {actions: {}, connections: {}}\n",
          }
        : undefined;
    const { device, problems } = await load(
      "{% extends 'own.jinja2' %}\n{% set connection_command = 'telnet' %}\n{% set zz = 1 %}",
      {
        template,
      },
    );
    expect(device.commands).toEqual({ connect: "telnet" });
    expect(shown(problems)).toContain('devices/board-01.jinja2:3:1: warning: the device type own has no variable "zz"');
  });
});

describe("templates that cannot be used end with one error", () => {
  it.each([
    [
      "a parent that is missing",
      "{% extends 'bord.jinja2' %}",
      'devices/board-01.jinja2:1:1: error: there is no template "bord.jinja2"',
    ],
    [
      "a name that was needed",
      `${DICTIONARY}\n{% set a = missing_thing ~ other.port %}`,
      "devices/board-01.jinja2:4:1: error: 'other' is undefined",
    ],
    [
      "a name that was needed in a parent",
      "{% extends 'board.jinja2' %}{% set connection_command = 'a' %}{% block body %}{{ super() + tail }}{% endblock %}",
      "devices/board-01.jinja2:1:1: error: 'tail' is undefined",
    ],
    [
      "a loop without an end",
      "{% set l = [1] %}{% for i in l %}{% set _ = l.append(1) %}{% endfor %}",
      "an endless loop?",
    ],
    ["a dictionary that extends itself", "{% extends 'board-01.jinja2' %}", "does something call or include itself?"],
    ["100 MB of output", "{% for i in range(99999) %}{{ 'x' * 1024 }}{% endfor %}", "writes more than"],
    [
      "what is no template",
      "{% extends 'board.jinja2' %}\n{% set a = %}",
      "devices/board-01.jinja2:2:1: error: Expected an expression",
    ],
    ["what is no YAML afterwards", "{% extends 'board.jinja2' %}{% set bootloader_prompt = '\"' %}", "types/"],
    ["a list instead of a map", "{% set x = 1 %}- a\n- b\n", "the templates of this device must give a map"],
    ["nothing at all", "{% set x = 1 %}", "this is neither a device dictionary nor a device configuration"],
    [
      "what only Jinja2 itself knows",
      "{% extends 'board.jinja2' %}\n{% set a = [1]|xmlattr %}",
      "the filter 'xmlattr' is not supported",
    ],
  ])("%s", async (_, text, expected) => {
    const self = { file: "devices/board-01.jinja2", text };
    const jinja = {
      find: (name: string) => (name === "board-01.jinja2" ? self : find(name)),
      folders: [],
      names: () => Object.keys(TYPES),
    };
    const { problems, device } = await load(text, { jinja });
    const errors = problems.filter(({ severity }) => severity === "error");
    expect(shown(errors)).toContain(expected);
    expect(errors).toHaveLength(1);
    expect(device.actions).toBeUndefined();
  });

  it("a value that is missing is named, where the configuration breaks without it", async () => {
    const types = {
      "b.jinja2":
        "actions: {deploy: {methods: {}}, boot: {methods: {}, connections: {}}}\nconstants: {}\nparameters: {}\ncommands:\n  connect: {{ port }}\ntimeouts: {actions: {}, connections: {}}\n",
    };
    const jinja = {
      folders: [],
      find: (name: string) => (name in types ? { file: name, text: types["b.jinja2"] } : undefined),
    };
    const { problems } = await load("{% extends 'b.jinja2' %}", { jinja });
    expect(shown(problems)).toMatch(/^b\.jinja2:5:\d+: error: the variable "port" has no value: /);
    expect(shown(problems)).toContain('set "port" in the device dictionary');
  });
});

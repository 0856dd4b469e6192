import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { examples, type JinjaEngine, withColour, withDeviceFolders } from "../options.js";
import type { Finish } from "../program.js";

/** What all of the commands may say. */
export interface DeviceOptions {
  devices?: string[];
  deviceTypes?: string[];
  jinja?: JinjaEngine;
  set?: string[];
  context?: string[];
  json?: boolean;
  color?: boolean;
}

export const FORMS = ["jinja", "yaml"] as const;
export type DictionaryForm = (typeof FORMS)[number];

export interface ListOptions extends DeviceOptions {
  types?: boolean;
}
export interface ReviewOptions extends DeviceOptions {
  text?: boolean;
}
export interface ExportOptions extends DeviceOptions {
  format: DictionaryForm;
}
export interface ImportOptions extends DeviceOptions {
  name?: string;
}
export interface NewOptions extends DeviceOptions {
  type?: string;
  format?: DictionaryForm;
  connectionCommand?: string;
  powerOnCommand?: string;
  powerOffCommand?: string;
  hardResetCommand?: string;
}

const append = (value: string, before: string[] = []) => [...before, value];

/** A file of src/cli/device, by what it exports: it is loaded when its command is asked for. */
type Execute = (context: CliContext) => Promise<number>;

export function addDevice(program: Command, finish: Finish): void {
  const device = program
    .command("device")
    .description("look after device dictionaries: list, review, import, check")
    .addHelpText(
      "after",
      examples({
        "lava-dispatch device list --devices lab/devices": "the devices of a folder, and those that are built in",
        "lava-dispatch device check --devices lab/devices --device-types lab/device-types":
          "all of them, before jobs find out",
        "lava-dispatch device new bbb-01 --type beaglebone-black": "asks for its commands, and writes the dictionary",
      }),
    );
  const add = (words: string, description: string): Command =>
    withColour(withDeviceFolders(device.command(words).description(description)).option("--json", "print JSON"));
  const rendered = (command: Command): Command =>
    command
      .option("--set <key=value>", "variable of the device dictionary; may be given again", append)
      .option("--context <key=value>", "as a job's context gives it; may be given again", append);
  const run = (execute: Execute) => finish(execute);

  add("list", "list the devices that are found by their names")
    .option("--types", "list the device types instead")
    .action((options: ListOptions) =>
      run(async (context) => (await import("../device/list.js")).listDevices(options, context)),
    );
  add("show <device>", "print what a device dictionary says").action((name: string, options: DeviceOptions) =>
    run(async (context) => (await import("../device/show.js")).showDevice(name, options, context)),
  );
  rendered(add("review <device>", "print the configuration that a device has for a job"))
    .option("--text", "as the templates have written it")
    .action((name: string, options: ReviewOptions) =>
      run(async (context) => (await import("../device/review.js")).reviewDevice(name, options, context)),
    );
  const exporting = add("export <device>", "print a dictionary as a template that extends its device type, or as YAML");
  exporting
    .addOption(exporting.createOption("-f, --format <form>", "form of the dictionary").choices(FORMS).default("jinja"))
    .action((name: string, options: ExportOptions) =>
      run(async (context) => (await import("../device/export.js")).exportDevice(name, options, context)),
    );
  add("import <file>", "take a dictionary in either form into the first folder of --devices")
    .option("--name <name>", "the device's name (default: that of the file)")
    .action((file: string, options: ImportOptions) =>
      run(async (context) => (await import("../device/import.js")).importDevice(file, options, context)),
    );
  rendered(add("check [devices...]", "render devices, check them, and tell variables that no template reads")).action(
    (names: string[], options: DeviceOptions) =>
      run(async (context) => (await import("../device/check.js")).checkDevices(names, options, context)),
  );
  const making = rendered(add("new <name>", "write a dictionary into the first folder of --devices"));
  making
    .option("--type <type>", "device type; `lava-dispatch device list --types` lists them")
    .addOption(making.createOption("-f, --format <form>", "form of the dictionary").choices(FORMS))
    .option("--connection-command <command>", "how to reach the console: telnet ser2net 7001")
    .option("--power-on-command <command>", "a program that switches the device on")
    .option("--power-off-command <command>", "and off")
    .option("--hard-reset-command <command>", "and off and on again")
    .action((name: string, options: NewOptions) =>
      run(async (context) => (await import("../device/new.js")).newDevice(name, options, context)),
    );
  rendered(add("diff <device> <other>", "compare the configurations of two devices, key by key")).action(
    (name: string, other: string, options: DeviceOptions) =>
      run(async (context) => (await import("../device/diff.js")).diffDevices([name, other], options, context)),
  );
}

/** Options that several commands share. */
import type { Command } from "commander";

export const JINJA_ENGINES = ["built-in", "python"] as const;
export type JinjaEngine = (typeof JINJA_ENGINES)[number];

/** Everything that decides what a job becomes. */
export interface InputOptions {
  device?: string;
  devices?: string[];
  deviceTypes?: string[];
  jinja?: JinjaEngine;
  dispatcher?: string;
  envDut?: string;
  machines?: string[];
  set?: string[];
  strict?: boolean;
  jobId?: string;
}

const append = (value: string, before: string[] = []) => [...before, value];

/** Adds them. That a device is needed is said when one is missing: a misspelt option is told first. */
export function withInputs(command: Command): Command {
  command.option("-d, --device <file>", "device dictionary, rendered device configuration, or a device's name");
  return withDeviceFolders(command)
    .option("--dispatcher <file>", "settings of the dispatcher (dispatcher.yaml)")
    .option("--env-dut <file>", "environment of the board (env-dut.yaml)")
    .option("--machines <dir>", "folder of strategies of your own, beside the built-in ones", append)
    .option("--set <key=value>", "variable of the device dictionary; may be given again", append)
    .option("--strict", "unknown keys are errors, not warnings")
    .option("--job-id <id>", "id of the job (default: from the time)");
}

/** Where devices and their types are found. */
export function withDeviceFolders(command: Command): Command {
  return command
    .option("--devices <dir>", "folder of devices, found by their names; may be given again", append)
    .option("--device-types <dir>", "folder of device types, LAVA's or own; may be given again", append)
    .addOption(
      command.createOption("--jinja <engine>", "what renders LAVA's device types, in Jinja2").choices(JINJA_ENGINES),
    );
}

export const withColour = (command: Command): Command => command.option("--no-color", "no colours");

/** The examples at the end of a command's help. */
export const examples = (lines: { [commandLine: string]: string }): string =>
  `\nExamples:\n${Object.entries(lines)
    .map(([line, what]) => `  $ ${line}\n      ${what}`)
    .join("\n")}`;

import type { Command } from "commander";
import type { ScriptName } from "../execute-script.js";
import { examples } from "../options.js";
import type { Finish } from "../program.js";

/** Commands that are scripts of the package: their words go to the script as they are. */
const add = (
  program: Command,
  finish: Finish,
  name: ScriptName,
  usage: string,
  description: string,
  help: string,
): void => {
  program
    .command(name)
    .argument("[words...]")
    .description(description)
    .usage(usage)
    .allowUnknownOption()
    .addHelpText("after", help)
    .action((_words: string[], _options: object, { args }: Command) =>
      finish(async (context) => (await import("../execute-script.js")).executeScript(name, args, context)),
    );
};

export const addDemo = (program: Command, finish: Finish): void =>
  add(
    program,
    finish,
    "demo",
    "[--recorded]",
    "boot an emulated arm64 board with U-Boot and run a job on it, in front of you",
    `${examples({
      "lava-dispatch demo": "sets up what is missing (Debian packages, guest images), says so before, and runs it",
      "lava-dispatch demo --recorded": "replays its recorded run instead: nothing but Node is needed",
    })}

What it makes lies in $XDG_CACHE_HOME/lava-dispatch (~/.cache/lava-dispatch), of a checkout in its own folder.`,
  );

export const addSetup = (program: Command, finish: Finish): void =>
  add(
    program,
    finish,
    "setup",
    "",
    "install and build what the built-in boards and jobs need",
    examples({
      "lava-dispatch setup": "Debian packages (with sudo when you are not root; it never asks), guest images",
    }),
  );

export const addBoard = (program: Command, finish: Finish): void =>
  add(
    program,
    finish,
    "board",
    "<command> [options]",
    "start, stop and switch an emulated board",
    `
Commands:
  start [--machine arm64-uboot|x86_64-ipxe] [--port 6020] [--tftp DIR] [--socket PATH] [--log FILE] [--serial DEVICE]
  stop|status [--port 6020 | --socket PATH]
  power on|off|reset [--port 6020 | --socket PATH]
${examples({
  "lava-dispatch board start": "an arm64 board with U-Boot, powered off: for --device qemu-arm64-uboot",
  "lava-dispatch board start --machine x86_64-ipxe --port 6022":
    "one that boots over the network with iPXE: for --device qemu-x86_64-ipxe",
  "lava-dispatch board stop": "ends it",
})}`,
  );

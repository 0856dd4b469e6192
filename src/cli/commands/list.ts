import type { Command } from "commander";
import { examples } from "../options.js";
import type { Finish } from "../program.js";

export function addList(program: Command, finish: Finish): void {
  program
    .command("list")
    .description("list the built-in devices and jobs, which go by their names")
    .addHelpText(
      "after",
      examples({ "lava-dispatch run --device qemu-x86_64 qemu-x86_64": "a built-in job on a built-in device" }),
    )
    .action(() => finish(async (context) => (await import("../execute-list.js")).executeList(context)));
}

/** The command line of `lava-dispatch`: what there is, and its help. What a command does is loaded when it is asked for. */
import { Command } from "commander";
import { addChart } from "./commands/chart.js";
import { addDescribe } from "./commands/describe.js";
import { addDevice } from "./commands/device.js";
import { addDoctor } from "./commands/doctor.js";
import { addExplain } from "./commands/explain.js";
import { addList } from "./commands/list.js";
import { addReplay } from "./commands/replay.js";
import { addReport } from "./commands/report.js";
import { addRun } from "./commands/run.js";
import { addSchema } from "./commands/schema.js";
import { addBoard, addDemo, addSetup } from "./commands/scripts.js";
import { addValidate } from "./commands/validate.js";
import { addVisualize } from "./commands/visualize.js";
import type { CliContext } from "./context.js";
import { examples } from "./options.js";

/** Does the work of a command and keeps its exit code. */
export type Finish = (work: (context: CliContext) => Promise<number>) => Promise<void>;

/** In the order of the help. */
const MAKERS: { [command: string]: (program: Command, finish: Finish) => void } = {
  run: addRun,
  validate: addValidate,
  describe: addDescribe,
  explain: addExplain,
  chart: addChart,
  doctor: addDoctor,
  device: addDevice,
  replay: addReplay,
  report: addReport,
  schema: addSchema,
  visualize: addVisualize,
  list: addList,
  demo: addDemo,
  setup: addSetup,
  board: addBoard,
};

export const COMMANDS = Object.keys(MAKERS);

/** Help goes to standard output; errors are thrown (CommanderError), and told elsewhere. */
export function quietErrors(command: Command, { stdout }: CliContext): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: () => {},
    outputError: () => {},
    getOutHelpWidth: () => stdout.columns ?? 100,
    getErrHelpWidth: () => stdout.columns ?? 100,
  });
}

/** @param asked the command that was named, if it is one: the others are not made then */
export function createProgram(context: CliContext, finish: Finish, asked?: string): Command {
  const program = quietErrors(new Command("lava-dispatch"), context)
    .description("Runs LAVA jobs on boards: no server, no root.")
    .version(context.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText(
      "after",
      `${examples({
        "lava-dispatch demo": "shows it, on an emulated board",
        "lava-dispatch run --device qemu-x86_64 qemu-x86_64": "runs a built-in job on a QEMU machine",
        "lava-dispatch --target devices/fred.yaml job.yaml --output-dir=out": "the older form",
      })}`,
    );
  // Commands inherit what was configured above.
  const names = COMMANDS.filter((name) => name === asked);
  for (const name of names.length > 0 ? names : COMMANDS) MAKERS[name]?.(program, finish);
  return program;
}

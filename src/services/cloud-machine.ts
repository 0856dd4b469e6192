import { InfrastructureError, JobError } from "../base/errors.js";
import { packFirmware } from "./cloud/firmware-package.js";
import { connectMachineApi } from "./cloud/machine-api.js";
import { sleep } from "./download/sleep.js";
import { map, optionalText, text } from "./overlay/inputs.js";
import { filesByLabel } from "./tool/tool-command.js";
import type { Service } from "./types.js";

/** ms between two looks at a machine that is being made. */
const LOOK = 2_000;
/** The label under which a job names a whole package. */
const PACKAGE = "fw_package";

/**
 * Makes a virtual board in a cloud, starts it with the deployed files and opens its console; it and its firmware are deleted
 * when the job ends or the action is tried again.
 * Inputs: endpoint (URL), project (name), model, token (of the API), downloads (data.downloads: the package, or the files that
 * go into one), bootargs? {normal, restore}. Data: cloud {machine}. The console comes through the program websocat.
 */
export const cloudMachine: Service = {
  name: "cloud-machine",
  opensConsole: true,
  programs: () => ["websocat", "zip"],

  async run(input, context) {
    const { signal, clock, env, paths, log, jobId } = context;
    const files = filesByLabel(input.downloads);
    if (Object.keys(files).length === 0)
      throw new JobError("There is no firmware for the machine", {
        advice: "A deploy block of this namespace has to name it.",
      });
    const api = await connectMachineApi(text(input, "endpoint"), text(input, "token"), context);
    const project = await api.projectId(text(input, "project"));
    const model = text(input, "model");
    const flavor = await api.flavor(model);
    const file = files[PACKAGE] ?? (await packFirmware(files, model, context));
    log.info(`Uploading the firmware for ${model}`);
    const image = await api.upload(project, file);
    const again = (signal: AbortSignal) =>
      connectMachineApi(text(input, "endpoint"), text(input, "token"), { ...context, signal });
    context.onCleanup(async (stop) => (await again(stop)).deleteImage(image));
    const bootargs = map(input, "bootargs");
    const [normal, restore] = [optionalText(bootargs, "normal"), optionalText(bootargs, "restore")];
    const id = await api.create({
      name: `LAVA ${jobId}`,
      project,
      flavor,
      os: `LAVA ${jobId}`,
      fwpackage: image,
      bootOptions: { ...(normal && { bootArgs: normal }), ...(restore && { restoreBootArgs: restore }) },
    });
    context.onCleanup(async (stop) => (await again(stop)).deleteMachine(id));
    log.info(`The machine ${id} is being made`);
    for (let state = await api.state(id); state !== "on"; state = await api.state(id)) {
      if (["error", "deleting", "off"].includes(state))
        throw new InfrastructureError(`The machine ${id} did not start: its state is '${state}'`, {
          advice: "Look at the machine in the cloud's own pages.",
        });
      await sleep(LOOK, { clock, signal });
    }
    const { openConnection } = await import("../connections/index.js");
    const url = await api.console(id);
    const connection = await openConnection(["websocat", "--binary", "--exit-on-eof", url], {
      signal,
      clock,
      env,
      cwd: paths.work,
    });
    context.setConsole(context.openConsole(connection, model));
    return { data: { cloud: { machine: id } } };
  },
};

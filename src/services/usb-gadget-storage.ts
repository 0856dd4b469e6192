import { text, texts } from "./overlay/inputs.js";
import { splitWords } from "./programs.js";
import { mustSucceed, runProgram } from "./run-program.js";
import { fillWord } from "./tool/tool-command.js";
import type { Service } from "./types.js";

const words = (commands: string[], image: string): string[][] =>
  commands.map((command) => splitWords(command).map((word) => fillWord(word, { IMAGE: image })));

/**
 * Shows the board an image as a USB disk, with the lab's commands; taken away at the end. What is shown before goes first, and
 * may be nothing. Inputs: disable, enable (commands; `{IMAGE}` is the file), image (file).
 */
export const usbGadgetStorage: Service = {
  name: "usb-gadget-storage",
  programs: ({ input }) =>
    [...texts(input, "disable"), ...texts(input, "enable")].flatMap((command) => splitWords(command).slice(0, 1)),

  async run(input, context) {
    const { log, paths, action } = context;
    const image = text(input, "image");
    const options = { ...context, cwd: paths.deviceDir };
    const disable = async (signal: AbortSignal) => {
      for (const argv of words(texts(input, "disable"), image)) {
        const { code } = await runProgram(argv, { ...options, signal });
        if (code !== 0) log.debug(`nothing was shown before (returned ${code})`);
      }
    };
    await disable(context.signal);
    context.onCleanup(disable);
    for (const argv of words(texts(input, "enable"), image))
      await mustSucceed(argv, { ...options, error: action.commandError });
    return undefined;
  },
};

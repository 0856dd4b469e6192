import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { JobError } from "../base/errors.js";
import { integer, texts } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/** Refuses files that are too big for the way they take to the board. Inputs: files (absolute paths), limit (bytes). */
export const checkSizes: Service = {
  name: "check-sizes",

  async run(input, context) {
    const limit = integer(input, "limit");
    context.log.debug(`Checking files for the limit of ${limit} bytes`);
    for (const file of texts(input, "files")) {
      const { size } = await stat(file);
      if (size >= limit)
        throw new JobError(`'${basename(file)}' is too big for TFTP: ${size} bytes, the limit is ${limit}`, {
          advice:
            "Give a smaller file, or set `tftp_size_limit` in the dispatcher's configuration when the boards can take it.",
        });
    }
    return undefined;
  },
};

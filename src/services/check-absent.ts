import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makeError } from "../base/errors.js";
import { text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** Bytes of the file that are told. */
const MOST = 1024;

/** Fails when a file is there in which a device tells what went wrong. Inputs: directory, name. */
export const checkAbsent: Service = {
  name: "check-absent",

  async run(input, { action, log }) {
    const name = insidePath(text(input, "name"), "The file's name");
    const file = join(text(input, "directory"), name);
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw makeError(action.commandError, `The device's disk cannot be read: ${error.message}`, { cause: error });
      },
    );
    if (!handle) {
      log.debug(`there is no ${name}`);
      return undefined;
    }
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST), 0, MOST, 0);
      const said = buffer.subarray(0, bytesRead).toString().trim();
      throw makeError(action.commandError, `The device tells in ${name} that it failed: ${said || "(no text)"}`, {
        advice: "Look whether the file that was copied is one for this device.",
      });
    } finally {
      await handle.close();
    }
  },
};

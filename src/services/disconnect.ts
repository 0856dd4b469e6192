import type { Service } from "./types.js";

/** Closes the console of the namespace, so that others may take the line; without one it does nothing. */
export const disconnect: Service = {
  name: "disconnect",
  pure: () => true,

  async run(_input, context) {
    const { console, log } = context;
    if (!console || console.isClosed) {
      log.debug("Already disconnected");
      return undefined;
    }
    log.debug(`Closing the connection of namespace '${context.action.namespace}'`);
    context.setConsole(undefined);
    await console.close();
    return undefined;
  },
};

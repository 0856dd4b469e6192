import { connect } from "node:net";

/**
 * Runs QMP commands on a QEMU monitor socket, one after the other.
 * @param {string} socket path of the Unix socket
 * @param {string[]} commands e.g. `cont`, `stop`, `system_reset`, `query-status`, `quit`
 * @returns {Promise<unknown[]>} what each returned
 * @throws when nobody listens, QEMU refuses a command or does not answer within 5 s
 */
export function qmp(socket, commands) {
  return new Promise((resolve, reject) => {
    const left = ["qmp_capabilities", ...commands];
    const results = [];
    let text = "";
    const line = connect(socket);
    const fail = (error) => {
      line.destroy();
      reject(error);
    };
    line.setTimeout(5000, () => fail(new Error(`QEMU does not answer on ${socket}`)));
    line.on("error", (error) =>
      fail(new Error(`No board answers on ${socket} (${error.code}): is it started?`, { cause: error })),
    );
    // `quit` may end the line before its reply arrives.
    line.on("close", () => (left[0] === "quit" ? resolve(results) : reject(new Error(`QEMU closed ${socket}`))));
    line.on("data", (chunk) => {
      text += chunk;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const message = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        if (message.event) continue;
        if (message.error) return fail(new Error(`QEMU refused ${left[0]}: ${message.error.desc}`));
        if ("return" in message) {
          results.push(message.return);
          left.shift();
        }
        if (left.length === 0) {
          line.end();
          return resolve(results.slice(1));
        }
        line.write(`${JSON.stringify({ execute: left[0] })}\n`);
      }
    });
  });
}

import { createServer } from "node:net";
import { InfrastructureError } from "../../base/errors.js";

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

/** The first TCP port from `first` to `last` that nobody listens on. @throws InfrastructureError when all are taken */
export async function freePort(host: string, first: number, last: number): Promise<number> {
  for (let port = first; port <= last; port++) if (await isFree(port, host)) return port;
  throw new InfrastructureError(`No port from ${first} to ${last} is free on ${host}`);
}

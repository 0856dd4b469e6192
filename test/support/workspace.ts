/** A temporary folder for one test file, and free ports. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's own folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Short on purpose: paths of Unix sockets lie in it. */
export const makeWorkspace = (): string => mkdtempSync("/tmp/ld-");
export const removeWorkspace = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export const inRoot = (...names: string[]): string => join(ROOT, ...names);

/** Programs that stand in for tools of hardware: each call is written down, its answer is what the test says. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface StandIns {
  /** Put before PATH. */
  folder: string;
  /** Adds a tool, or gives it another answer: lines of sh, which see `$@`. */
  tool(name: string, answer?: string): void;
  /** All calls so far, in order: the tool's name and its whole argument list. */
  calls(): string[][];
  /** The environment variables that the last call of a tool had, of those asked for. */
  environment(...names: string[]): { [name: string]: string | undefined };
  /** PATH with the stand-ins before the system's own programs. */
  path: string;
  remove(): void;
}

/** Stand-ins in a folder of their own, which outlives the job's. */
export function standIns(): StandIns {
  const root = mkdtempSync(join(tmpdir(), "stand-ins-"));
  const folder = join(root, "stand-ins");
  const [record, variables] = [join(root, "calls"), join(root, "variables")];
  mkdirSync(folder);
  return {
    folder,
    remove: () => rmSync(root, { recursive: true, force: true }),
    path: [folder, "/bin", "/usr/bin"].join(delimiter),
    tool: (name, answer = "") =>
      writeFileSync(
        join(folder, name),
        `#!/bin/sh\n{ printf '%s' '${name}'; for word; do printf '\\t%s' "$word"; done; echo; } >>'${record}'\nenv >'${variables}'\n${answer}\n`,
        { mode: 0o755 },
      ),
    calls: () =>
      existsSync(record)
        ? readFileSync(record, "utf8")
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split("\t"))
        : [],
    environment: (...names) => {
      const lines = readFileSync(variables, "utf8").split("\n");
      return Object.fromEntries(
        names.map((name) => [name, lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)]),
      );
    },
  };
}

/**
 * What outlives the dispatcher to end what it started: programs lead process groups of their own, so that each can be ended
 * with all that it started, and whoever kills the dispatcher's group (a LAVA worker) does not reach them.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** Reads `+ group` and `- group` until the dispatcher is gone, and kills the groups that are left. */
const SCRIPT = `
groups=" "
while read -r what group; do
  case $what in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;

/** One for a job. Its process is started with the first program, and ends with the dispatcher's, however that ends. */
export class ProgramGuard {
  #guard: ChildProcess | undefined;

  /** A program leads a new process group. */
  started(group: number): void {
    this.#guard ??= start();
    this.#guard.stdin?.write(`+ ${group}\n`);
  }

  /** The program has ended. */
  ended(group: number): void {
    this.#guard?.stdin?.write(`- ${group}\n`);
  }

  /** Ends the guard's process; it is started again when there is need. */
  close(): void {
    this.#guard?.stdin?.end();
    this.#guard = undefined;
  }
}

function start(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "lava-dispatch-guard"], {
    detached: true,
    cwd: "/",
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without it programs run all the same.
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as typeof child.stdin & { unref?(): void }).unref?.();
  return child;
}

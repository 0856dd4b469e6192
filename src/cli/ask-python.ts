/** Python's Jinja2, for templates that our interpreter does not know: `--jinja python`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Json, JsonMap } from "../base/json.js";
import type { AskPython } from "../device/python-renderer.js";
import { packageRoot } from "./package-root.js";
import { UsageError } from "./usage-error.js";

/** A template that takes more was never meant. */
const SECONDS = 10;
const BYTES = 512 * 2 ** 20;
const MOST_ANSWER = 32 * 2 ** 20;

/** Asks once: each question has a process of its own, with nothing of this one's environment but where programs lie. */
export const askPython =
  (env: NodeJS.ProcessEnv): AskPython =>
  (request: JsonMap) =>
    new Promise<Json>((resolve, reject) => {
      const program = join(packageRoot(), "src/device/python/render.py");
      const child = spawn("python3", ["-I", program, `--cpu=${SECONDS}`, `--memory=${BYTES}`], {
        env: { PATH: env.PATH ?? "", LANG: "C.UTF-8" },
        stdio: ["pipe", "pipe", "pipe"],
        // sleeping takes no processor's time
        timeout: 2 * SECONDS * 1000,
        killSignal: "SIGKILL",
      });
      const refuse = (message: string, advice: string) => reject(new UsageError(message, advice));
      let [answer, said] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        answer += text;
        if (answer.length > MOST_ANSWER) child.kill("SIGKILL");
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-10_000);
      });
      child.on("error", () =>
        refuse("python3 cannot be started.", "Install python3 and python3-jinja2, or leave --jinja out."),
      );
      child.on("close", (code, signal) => {
        if (code === 0) {
          try {
            return resolve(JSON.parse(answer) as Json);
          } catch {}
        }
        if (/No module named 'jinja2'/.test(said)) {
          return refuse("Python has no Jinja2.", "Install python3-jinja2, or leave --jinja out.");
        }
        if (signal !== null || /MemoryError/.test(said)) {
          const message = `the template takes more than ${SECONDS} seconds or ${BYTES / 2 ** 20} MiB of memory`;
          return resolve({ error: { fault: "limit", message, line: 1 } });
        }
        return refuse(`Python's Jinja2 ended with ${code}: ${said.trim().split("\n").at(-1)}`, "Leave --jinja out.");
      });
      child.stdin.on("error", () => {});
      child.stdin.end(`${JSON.stringify(request)}\n`);
    });

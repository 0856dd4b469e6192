// Python's Jinja2 in a process of its own: src/device/python/render.py.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../src/device/python/render.py", import.meta.url));

export class PythonJinja {
  #child;
  #waiting = [];
  constructor(command = process.env.PYTHON ?? "python3") {
    this.#child = spawn(command, [program], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout }).on("line", (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    );
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting)
        reject(new Error(`${command} ended with ${code}: are Jinja2 and PyYAML there?`));
    });
    this.#child.on("error", (error) => {
      for (const { reject } of this.#waiting) reject(error);
    });
  }

  /** One request of render.py, and its answer. */
  ask(request) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  end() {
    this.#child.stdin.end();
  }
}

/** Programs on the worker: where they are, which package has them, and how a command's text becomes words. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { InfrastructureError, JobError } from "../base/errors.js";
import packages from "./programs.json" with { type: "json" };

/** Searched after PATH: file system tools stand here, and an ordinary user's PATH leaves these folders out. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/**
 * The absolute path of a program, or undefined. A name with a slash is taken from `cwd`; others are searched in
 * the PATH of `env`, then in the system's own folders.
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv, cwd?: string): string | undefined {
  if (name === "") return undefined;
  if (name.includes("/")) {
    if (!isAbsolute(name) && cwd === undefined) return undefined;
    const file = resolve(cwd ?? "/", name);
    return isProgram(file) ? file : undefined;
  }
  const folders = [...(env.PATH ?? "").split(delimiter).filter(isAbsolute), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** The Debian package that holds a program, where known. */
export const packageOf = (program: string): string | undefined => (packages as { [name: string]: string })[program];

/** The error for a program that is not there: names it, and its package where known. */
export function missingProgram(name: string, cause?: unknown): InfrastructureError {
  const found = packageOf(name);
  return new InfrastructureError(`The program '${name}' cannot be found`, {
    cause,
    advice: found
      ? `Install it on the worker: apt-get install ${found}`
      : name.includes("/")
        ? "Check the path in the device configuration, and that the file may be executed."
        : "Install it on the worker, or add its folder to PATH.",
  });
}

/** One error for each of the programs that cannot be found; each program is told once. */
export function missingPrograms(names: string[], env: NodeJS.ProcessEnv, cwd?: string): InfrastructureError[] {
  return [...new Set(names)].filter((name) => !findProgram(name, env, cwd)).map((name) => missingProgram(name));
}

/**
 * Splits a command as a POSIX shell does, and does nothing else that a shell does: single quotes, double quotes
 * (with `\"`, `\\`, `\$` and `` \` ``) and backslashes count; variables, globs and operators are plain text.
 * @throws JobError when a quote is not closed or the text ends in a backslash.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quote === "'") {
      if (char === "'") quote = "";
      else word += char;
    } else if (quote === '"') {
      if (char === '"') quote = "";
      else if (char === "\\" && '"\\$`\n'.includes(text[i + 1] ?? " ")) {
        const next = text[++i];
        if (next !== "\n") word += next ?? "";
      } else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\") {
      const next = text[++i];
      if (next === undefined) throw new JobError(`The command ends in a backslash: ${text}`);
      if (next !== "\n") word = (word ?? "") + next;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote) throw new JobError(`A quote (${quote}) is not closed in the command: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Words as LAVA's logs show them: `['a', 'b c']`. */
export const showWords = (words: string[]): string =>
  `[${words.map((word) => (word.includes("'") && !word.includes('"') ? `"${word}"` : `'${word.replace(/[\\']/g, "\\$&")}'`)).join(", ")}]`;

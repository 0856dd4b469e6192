/** How machines/ write a tool's words: lists, texts that are split, and names of files that are filled in. */
import { JobError } from "../../base/errors.js";
import { isMap, type Json, type JsonMap, own } from "../../base/json.js";
import { splitWords } from "../programs.js";

/** Replaces each `{name}` of one word; it stays one word whatever the value is. */
export const fillWord = (word: string, values: { [name: string]: string }): string =>
  word.replace(/\{([^{}]+)\}/g, (whole, name: string) => own(values, name) ?? whole);

const plainTexts = (values: JsonMap): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );

/**
 * The words of one command. An element is a text (one word), a number, a list (its elements), or `{words, fill?}`: a text
 * that is split by shell rules and whose `{name}`s are then replaced; values of `fill` are texts, or downloads with a `file`. Null is no word.
 * @throws JobError when a text has an open quote, or an element is something else.
 */
export function toolWords(command: Json | undefined): string[] {
  if (command === undefined || command === null) return [];
  if (Array.isArray(command)) return command.flatMap(toolWords);
  if (typeof command === "string" || typeof command === "number") return [String(command)];
  if (isMap(command) && (typeof command.words === "string" || typeof command.words === "number")) {
    const values = isMap(command.fill) ? { ...filesByLabel(command.fill), ...plainTexts(command.fill) } : {};
    return splitWords(String(command.words)).map((word) => fillWord(word, values));
  }
  throw new JobError(`This is no word of a command: ${JSON.stringify(command)}`);
}

/** A file's name by the label under which it was downloaded (`data.downloads`). */
export const filesByLabel = (downloads: Json | undefined): { [label: string]: string } =>
  isMap(downloads)
    ? Object.fromEntries(
        Object.entries(downloads).flatMap(([label, value]) =>
          isMap(value) && typeof value.file === "string" ? [[label, value.file]] : [],
        ),
      )
    : {};

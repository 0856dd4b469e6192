import { createInterface } from "node:readline";
import type { Json, JsonMap } from "../../base/json.js";
import { nearest } from "../../base/nearest.js";
import type { NewOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { deviceTypes } from "../device-templates.js";
import { EXIT } from "../exit-codes.js";
import { errorsOf } from "../problems.js";
import { UsageError } from "../usage-error.js";
import { dictionaryText } from "./export.js";
import { foldersOf, json, loadNamed, problemData, tell } from "./named-device.js";
import { placeFor, writeDictionary } from "./write-dictionary.js";

/** What a lab says of a device, by the names that LAVA's device types and ours have for it. */
const ASKED = [
  { variable: "connection_command", option: "connectionCommand", question: "Command that reaches the console" },
  { variable: "power_on_command", option: "powerOnCommand", question: "Command that switches it on" },
  { variable: "power_off_command", option: "powerOffCommand", question: "Command that switches it off" },
  { variable: "hard_reset_command", option: "hardResetCommand", question: "Command that switches it off and on" },
] as const;

/** `lava-dispatch device new`: asks on a terminal for what was not given; an empty answer leaves it out. */
export async function newDevice(name: string, options: NewOptions, context: CliContext): Promise<number> {
  const types = deviceTypes(foldersOf(options, context));
  const answers = new Answers(context);
  try {
    const type = options.type ?? (await answers.to("Device type"));
    if (!type)
      throw new UsageError(
        "No device type was given.",
        "Name it: --type TYPE. `lava-dispatch device list --types` lists them.",
      );
    const known = types.get(type);
    if (known === undefined) {
      const near = nearest(type, types.keys());
      const hint =
        near.length > 0
          ? `Did you mean ${near.map((word) => `"${word}"`).join(" or ")}?`
          : "`lava-dispatch device list --types` lists them.";
      throw new UsageError(`There is no device type "${type}".`, hint);
    }
    const format = options.format ?? (known.endsWith(".jinja2") ? "jinja" : "yaml");
    const place = placeFor(name, format, options, context);
    if (place.exists || place.others.length > 0) {
      throw new UsageError(
        `There is a device ${name} already: ${place.exists ? place.shown : place.others[0]}.`,
        "Change that file, or `lava-dispatch device import` another one.",
      );
    }
    const variables = await variablesOf(type, options, context, answers, place.shown);
    const text = await dictionaryText({ type, variables }, format);
    const { problems } = await loadNamed({ name, file: place.shown, text }, { ...options, set: [] }, context, true);
    const code = tell(problems, options, context);
    const isMade = errorsOf(problems).length === 0;
    if (isMade) writeDictionary(place, text);
    if (options.json)
      context.stdout.write(
        json({ name, type, ...(isMade && { file: place.shown }), variables, problems: problemData(problems) }),
      );
    else if (isMade) context.stdout.write(`${place.shown}\n`);
    return isMade ? EXIT.passed : code;
  } finally {
    answers.end();
  }
}

async function variablesOf(
  type: string,
  options: NewOptions,
  context: CliContext,
  answers: Answers,
  file: string,
): Promise<JsonMap> {
  const variables: JsonMap = {};
  for (const pair of options.set ?? []) {
    const at = pair.indexOf("=");
    if (at <= 0) throw new UsageError(`--set ${pair}: this is no pair.`, "Write --set key=value.");
    variables[pair.slice(0, at)] = pair.slice(at + 1) as Json;
  }
  for (const { variable, option, question } of ASKED) {
    if (variable in variables) continue;
    const given = options[option];
    if (given !== undefined) variables[variable] = given;
    else if (answers.canAsk && (await isRead(type, variable, options, context, file))) {
      const answer = await answers.to(question);
      if (answer) variables[variable] = answer;
    }
  }
  return variables;
}

/** Whether the device type has such a variable: what no template reads is not asked for. */
async function isRead(
  type: string,
  variable: string,
  options: NewOptions,
  context: CliContext,
  file: string,
): Promise<boolean> {
  const text = await dictionaryText({ type, variables: { [variable]: "true" } }, "yaml");
  const { problems } = await loadNamed(
    { name: "", file: file.replace(/\.jinja2$/, ".yaml"), text },
    { ...options, set: [] },
    context,
    true,
  );
  return !problems.some(({ message }) => message.includes(`variable "${variable}"`));
}

/** Questions on a terminal. */
class Answers {
  #lines: ReturnType<typeof createInterface> | undefined;
  #next: AsyncIterator<string> | undefined;
  constructor(private readonly context: CliContext) {}

  get canAsk(): boolean {
    return (this.context.stdin as { isTTY?: boolean } | undefined)?.isTTY === true;
  }

  async to(question: string): Promise<string> {
    if (!this.canAsk) return "";
    this.#lines ??= createInterface({ input: this.context.stdin! });
    this.#next ??= this.#lines[Symbol.asyncIterator]();
    this.context.stderr.write(`${question}: `);
    const { value, done } = await this.#next.next();
    return done ? "" : String(value).trim();
  }

  end(): void {
    this.#lines?.close();
  }
}

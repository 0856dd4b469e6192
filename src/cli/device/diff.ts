import { isMap, type Json } from "../../base/json.js";
import { flow, pathText } from "../../definition/value-text.js";
import type { DeviceOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { EXIT } from "../exit-codes.js";
import { errorsOf } from "../problems.js";
import { paintFor } from "../screen.js";
import { harmless } from "../terminal/paint.js";
import { json, loadNamed, namedDevice, tell } from "./named-device.js";

interface Difference {
  path: (string | number)[];
  /** Left out where the key is not there. */
  one?: Json;
  other?: Json;
}

/** `lava-dispatch device diff`: 0 when both have the same configuration, 1 when not. */
export async function diffDevices(
  words: [string, string],
  options: DeviceOptions,
  context: CliContext,
): Promise<number> {
  const configurations: Json[] = [];
  for (const word of words) {
    const { device, problems } = await loadNamed(namedDevice(word, options, context), options, context);
    const wrong = errorsOf(problems);
    if (wrong.length > 0) return tell(wrong, options, context);
    configurations.push(device);
  }
  const found = differences(configurations[0]!, configurations[1]!);
  if (options.json) {
    const shown = found.map(({ path, one, other }) => ({
      path: pathText(path),
      ...(one !== undefined && { [words[0]]: one }),
      ...(other !== undefined && { [words[1] === words[0] ? `${words[1]} (2)` : words[1]]: other }),
    }));
    context.stdout.write(json(shown));
  } else {
    const paint = paintFor(options.color, context, context.stdout);
    for (const { path, one, other } of found) {
      if (one !== undefined) context.stdout.write(`${paint("red", harmless(`- ${pathText(path)}: ${flow(one)}`))}\n`);
      if (other !== undefined)
        context.stdout.write(`${paint("green", harmless(`+ ${pathText(path)}: ${flow(other)}`))}\n`);
    }
  }
  return found.length === 0 ? EXIT.passed : EXIT.failed;
}

/** The innermost values that differ, in the order of the first map and then of the second. */
export function differences(one: Json, other: Json, path: (string | number)[] = []): Difference[] {
  if (isMap(one) && isMap(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].flatMap((key) => compared(one[key], other[key], [...path, key]));
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    const length = Math.max(one.length, other.length);
    return Array.from({ length }, (_, index) => compared(one[index], other[index], [...path, index])).flat();
  }
  return one === other ? [] : [{ path, one, other }];
}

function compared(one: Json | undefined, other: Json | undefined, path: (string | number)[]): Difference[] {
  if (one === undefined) return other === undefined ? [] : [{ path, other }];
  return other === undefined ? [{ path, one }] : differences(one, other, path);
}

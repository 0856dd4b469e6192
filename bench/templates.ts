/** A folder of LAVA's device types, each through a dictionary that extends it: how long the text takes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Environment } from "../src/device/jinja/environment.js";

export interface Rendered {
  types: number;
  /** Each template read and parsed for the first time. */
  cold: number;
  /** All of them known. */
  warm: number;
}

/** Milliseconds for all device types of a folder. */
export function measure(folder: string): Rendered {
  const names = readdirSync(folder).filter((name) => name.endsWith(".jinja2"));
  const find = (name: string) => (names.includes(name) ? readFileSync(join(folder, name), "utf8") : undefined);
  const environment = new Environment(find);
  const render = () => {
    const began = performance.now();
    for (const name of names) {
      const type = name.replace(".jinja2", "");
      const context = { scheduled_device_name: `${type}-01`, scheduled_device_type: type };
      environment.render(environment.parse(`{% extends '${name}' %}\n`, "dictionary"), context);
    }
    return performance.now() - began;
  };
  return { types: names.length, cold: render(), warm: render() };
}

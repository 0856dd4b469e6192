/** What tests in a container must know of the device beside them (spec test-shell.md §7). */

import { isMap, type Json, type JsonMap } from "../base/json.js";
import { dig } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import type { Service } from "./types.js";

const COMMANDS = ["hard_reset", "power_on", "power_off"];
const SECTIONS = ["deploy", "boot", "test"];

const joined = (command: Json): string =>
  Array.isArray(command) ? command.map(plainText).join(" && ") : plainText(command);

/** The variables that the device's configuration gives, by name; what it does not say is left out. */
export function dockerTestEnvironment(device: JsonMap): { [name: string]: string } {
  const variables: { [name: string]: string } = {};
  const set = (name: string, value: Json | undefined) => {
    if (value !== undefined && value !== null && value !== "") variables[name] = joined(value);
  };
  set("ANDROID_SERIAL", device.adb_serial_number);
  const [first] = Array.isArray(device.device_info) ? device.device_info : [];
  set("LAVA_BOARD_ID", dig(first, "board_id"));
  const commands = isMap(device.commands) ? device.commands : {};
  const connections = Object.entries(isMap(commands.connections) ? commands.connections : {});
  const tagged = (value: Json) => isMap(value) && Array.isArray(value.tags) && value.tags.includes("primary");
  const primary = connections.find(([, value]) => tagged(value));
  const connect = commands.connect ?? dig(primary?.[1], "connect");
  set("LAVA_CONNECTION_COMMAND", connect);
  for (const [name, value] of connections)
    set(`LAVA_CONNECTION_COMMAND_${name.toUpperCase().replace(/\W/g, "_")}`, dig(value, "connect"));
  for (const section of SECTIONS)
    set(`LAVA_${section.toUpperCase()}_CHARACTER_DELAYS`, dig(device, "character_delays", section));
  set("LAVA_CONNECT_COMMAND", connect);
  for (const command of COMMANDS) set(`LAVA_${command.toUpperCase()}_COMMAND`, commands[command]);
  return variables;
}

/** No inputs. Data: docker_test.environment, which the overlay's `environment` file then exports. */
export const dockerTestEnvironmentService: Service = {
  name: "docker-test-environment",
  pure: () => true,
  async run(_input, { device, log }) {
    const environment = dockerTestEnvironment(device);
    for (const [name, value] of Object.entries(environment)) log.debug(`- ${name}='${value}'`);
    return { data: { docker_test: { environment } } };
  },
};

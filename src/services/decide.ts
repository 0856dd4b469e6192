import type { JsonMap } from "../base/json.js";
import { map, optionalText } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/**
 * Decides by what is known so far whether the rest of its action is left out, and writes data.
 * Inputs: skip?, reason? (logged when it is left out), save? (namespace data).
 */
export const decide: Service = {
  name: "decide",
  pure: () => true,

  async run(input, context) {
    const save = map(input, "save") as JsonMap;
    const skip = input.skip === true;
    const reason = optionalText(input, "reason");
    if (skip && reason) context.log.info(reason);
    return { ...(Object.keys(save).length > 0 && { data: save }), ...(skip && { skip }) };
  },
};

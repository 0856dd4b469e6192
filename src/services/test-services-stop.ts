/** Stops all test services that the job has started so far. */
import { isMap, type Json } from "../base/json.js";
import { type RunningService, stopService } from "./compose.js";
import type { Service } from "./types.js";

/** Inputs: services (a list of `data.test_services`, one for each namespace). Stopping again is no fault. */
export const testServicesStop: Service = {
  name: "test-services-stop",
  async run(input, context) {
    const all = (Array.isArray(input.services) ? input.services : []).filter(isMap);
    const running = all.flatMap((services) => Object.entries(services) as [string, Json][]);
    if (running.length === 0) context.log.warning("No test service runs");
    for (const [name, service] of running.reverse()) {
      context.log.info(`Stopping the test service '${name}'`);
      await stopService(service as unknown as RunningService, context);
    }
    return undefined;
  },
};

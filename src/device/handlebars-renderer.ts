import type { Renderer } from "./renderer.js";
import type { DeviceTemplate } from "./template-chain.js";

/** Our own device types. Handlebars is only loaded for one, its compiler only for a template that is not this project's. */
export const handlebarsRenderer: Renderer<DeviceTemplate> = {
  async render({ compiled, body, file }, variables) {
    const { text, lines } = compiled
      ? (await import("./render-compiled.js")).renderCompiled(compiled, variables)
      : (await import("./render-template.js")).renderTemplate(body, variables);
    return { text, places: lines.slice(1).map((line) => ({ file, line })) };
  },
};

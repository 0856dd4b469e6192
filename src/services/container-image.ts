import { DispatchError } from "../base/errors.js";
import { remoteOptions } from "./docker/container-options.js";
import { dockerMapOf, prepareImage } from "./docker/prepare-image.js";
import type { Service } from "./types.js";

/**
 * Pulls a container image, or looks for it on the worker. Inputs: image (name), local?, login? {registry, user, password},
 * remote? (engine). Data: container_image {name}.
 */
export const containerImage: Service = {
  name: "container-image",
  programs: () => ["docker"],

  async validate(input, { jobId }) {
    try {
      if (typeof input.image === "string") dockerMapOf(input, jobId);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const docker = dockerMapOf(input, context.jobId);
    await prepareImage(docker, remoteOptions(input), context);
    return { data: { container_image: { name: docker.image } } };
  },
};

/** Images before containers are made of them. */
import { JobError } from "../../base/errors.js";
import { isMap, type JsonMap } from "../../base/json.js";
import { optionalText, text } from "../overlay/inputs.js";
import { mustSucceed, runProgram } from "../run-program.js";
import type { ServiceContext } from "../types.js";
import { checkedImage } from "./run-arguments.js";

/** A job's docker map (spec job.md §4), or an image's name alone. */
export interface DockerMap {
  image: string;
  /** The image is on the worker already. */
  local: boolean;
  /** Names as docker knows them. */
  containerName?: string;
  networkFrom?: string;
  /** Device files of the worker that the job asks for. */
  devices: string[];
  login?: { registry: string; user: string; password: string };
}

/** Reads a docker map; its names get the job's number. @throws JobError when it has not their form */
export function dockerMapOf(value: unknown, jobId: string): DockerMap {
  const map: JsonMap = isMap(value) ? (value as JsonMap) : { image: typeof value === "string" ? value : null };
  const image = optionalText(map, "image") ?? optionalText(map, "name");
  if (!image) throw new JobError("The container has no `image`", { advice: "For example: image: debian:stable" });
  const name = optionalText(map, "container_name");
  const network = optionalText(map, "network_from");
  return {
    image: checkedImage(image),
    local: map.local === true,
    devices: Array.isArray(map.devices) ? map.devices.map(String) : [],
    ...(name && { containerName: `${name}-lava-${jobId}` }),
    ...(network && { networkFrom: `${network}-lava-${jobId}` }),
    ...(isMap(map.login) && {
      login: {
        registry: text(map.login, "registry"),
        user: text(map.login, "user"),
        password: text(map.login, "password"),
      },
    }),
  };
}

/** Logs in where asked (the password goes through standard input), then pulls the image; a local one only when the worker has it not. */
export async function prepareImage(
  docker: Pick<DockerMap, "image" | "local" | "login">,
  globalOptions: string[],
  context: ServiceContext,
): Promise<void> {
  const argv = (...words: string[]) => ["docker", ...globalOptions, ...words];
  const options = { ...context, error: "InfrastructureError" } as const;
  const { login, image, local } = docker;
  if (login) {
    const words = argv("login", `--username=${login.user}`, "--password-stdin", "--", login.registry);
    await mustSucceed(words, { ...options, input: login.password, quiet: true });
    context.onCleanup(async (signal) => {
      await runProgram(argv("logout", "--", login.registry), { ...context, signal });
    });
  }
  if (local) {
    const { code } = await runProgram(argv("image", "inspect", "--format", "Image {{.Id}} is here", image), options);
    if (code === 0) return;
    context.log.warning(`The image '${image}' is not on this machine, although it is called local: it is pulled`);
  }
  await mustSucceed(argv("pull", image), options);
}

import { InfrastructureError, JobError } from "../base/errors.js";
import { isMap } from "../base/json.js";
import { text } from "./overlay/inputs.js";
import { plainText } from "./overlay/python-text.js";
import { runProgram } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

const ADDRESS = /^((?!-)[\w.-]+|\[[0-9a-fA-F:.]+\]):(\/[^\s\0]*)$/;

/** Server and folder of an address `server:/folder`; `{key}`s of the device's `static_info` are filled in. @throws JobError */
export function nfsAddress(
  address: string,
  { device }: Pick<ServiceContext, "device">,
): { server: string; root: string } {
  const infos = Array.isArray(device.static_info) ? device.static_info.filter(isMap) : [];
  const filled = infos
    .flatMap((info) => Object.entries(info))
    .reduce((whole, [key, value]) => whole.replaceAll(`{${key}}`, plainText(value)), address);
  const [, server, root] = ADDRESS.exec(filled) ?? [];
  if (!server || !root || root.split("/").includes(".."))
    throw new JobError(`'${filled}' is no address of an NFS folder`, { advice: "Write server:/absolute/folder" });
  return { server, root };
}

/**
 * Looks whether another machine's NFS server answers. Inputs: address (`server:/folder`).
 * Data: nfs {root, server}, dynamic_data.
 */
export const nfsCheck: Service = {
  name: "nfs-check",
  programs: () => ["rpcinfo"],

  async validate(input, context) {
    if (typeof input.address !== "string") return [];
    try {
      nfsAddress(input.address, context);
      return [];
    } catch (error) {
      return [error as JobError];
    }
  },

  async run(input, context) {
    const { server, root } = nfsAddress(text(input, "address"), context);
    const { code, output } = await runProgram(["rpcinfo", "-t", server, "nfs", "3"], context);
    if (code !== 0)
      throw new InfrastructureError(`The NFS server ${server} does not answer: ${output.trim().split("\n").at(-1)}`, {
        advice: "Look at the server, and at the firewalls on the way to it.",
      });
    return { data: { nfs: { root, server }, dynamic_data: { NFS_ROOTFS: root, NFS_SERVER_IP: server } } };
  },
};

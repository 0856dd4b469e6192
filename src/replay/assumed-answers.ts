/**
 * What services are taken to have answered where the recording does not say: the names that the job and the recorded
 * commands give to things, as if everything had gone well. A service that is not here saves nothing.
 */
import { basename, dirname, join, posix } from "node:path";
import { isMap, type Json, type JsonMap, own } from "../base/json.js";
import { deviceEnvironmentService } from "../services/device-environment.js";
import { dispatcherIp } from "../services/dispatcher-ip.js";
import { localFile, readDownloadInput } from "../services/download/local-file.js";
import { bootCommand, needsHeader } from "../services/kernel-prepare.js";
import { checkDefinition } from "../services/overlay/definition.js";
import { dig, map, optionalText, text } from "../services/overlay/inputs.js";
import { asJson, newTest, tftpName } from "../services/overlay/layout.js";
import { mountCommands } from "../services/qemu-start.js";
import type { ServiceContext, ServiceResult } from "../services/types.js";
import type { KnownNames } from "./recording.js";

type Answer = (
  input: JsonMap,
  context: ServiceContext,
  known: KnownNames,
) => ServiceResult | undefined | Promise<ServiceResult | undefined>;

const NO_UUID = "00000000-0000-0000-0000-000000000000";

const download: Answer = (input, context) => {
  const wanted = readDownloadInput(input, context);
  const { file, name, compression } = localFile(wanted, context);
  const found = {
    file,
    name,
    size: 0,
    sha256: "",
    compression,
    ...(wanted.imageArg && { image_arg: wanted.imageArg }),
  };
  return { data: { downloads: { [wanted.key]: found } } };
};

const definition =
  (from: string): Answer =>
  (input, context) => {
    const index = Number(input.index);
    const test = newTest(context, index, Number(input.stage), text(input, "name"), text(input, "path"));
    const repository = (from === "inline" ? input.definition : input.repository) ?? null;
    return { data: { tests: { [index]: { ...asJson(test), repository, from } } } };
  };

const ANSWERS: { [service: string]: Answer } = {
  "tftp-directory": (input, { jobId, paths }, { tftpSuffix }) => {
    const suffix = tftpSuffix ?? `${jobId}/${text(input, "prefix")}-replay`;
    return { data: { tftp: { directory: join(paths.tftpRoot, suffix), suffix } } };
  },
  "overlay-directory": (input, { jobId, paths, action }) => {
    const distro = optionalText(input, "distro");
    const overlay = {
      directory: join(paths.work, `lava-overlay-${action.level}`),
      results_dir: text(input, "results_dir").replaceAll("%s", jobId),
      shell: text(input, "shell"),
      ...(distro && { distro }),
      private: [],
    };
    return { data: { overlay, tests: null } };
  },
  "test-definition-inline": definition("inline"),
  "test-definition-git": definition("git"),
  "test-definition-url": definition("url"),
  "test-overlay": (input, { data }) => {
    const index = String(input.index);
    const written = dig(data.tests, index, "repository");
    // Only what stands in the job itself can be known.
    if (!isMap(written)) return undefined;
    const { pattern, fixupdict, expected } = checkDefinition(written, `Test definition ${index}`).definition;
    const found = { ...(pattern && { pattern }), ...(fixupdict && { fixupdict }), ...(expected && { expected }) };
    return { data: { tests: { [index]: found } } };
  },
  "test-run-script": (input) =>
    input.expected === undefined || input.expected === null
      ? undefined
      : { data: { tests: { [String(input.index)]: { expected: input.expected } } } },
  "overlay-compress": (_, { paths, action }) => ({
    data: { overlay: { tarball: join(paths.work, `overlay-${action.level}.tar.gz`), sha256: "" } },
  }),
  "http-download": download,
  "file-download": download,
  "scp-download": download,
  "ramdisk-extract": (input, { paths, action }) => {
    const file = optionalText(input, "file");
    if (!file || input.skip === true) return undefined;
    return {
      data: {
        ramdisk: { directory: join(paths.work, `ramdisk-${action.level}`), base: file, offset: 0, overlay: null },
      },
    };
  },
  "ramdisk-compress": (input, context) => {
    if (typeof dig(context.data.ramdisk, "base") !== "string") return undefined;
    const compression = optionalText(input, "compression");
    const folder =
      optionalText(input, "name_directory") ??
      join(context.paths.tftpRoot, optionalText(input, "suffix") ?? context.jobId);
    const header = input.add_header === "u-boot" ? ".uboot" : "";
    const file = join(folder, "ramdisk", `ramdisk.cpio${compression ? `.${compression}` : ""}${header}`);
    return { data: { ramdisk: { file, name: tftpName(context, file) } } };
  },
  "append-overlays": () => ({ data: { overlay: { applied: true } } }),
  "rootfs-extract": (input, { dispatcher, paths, action }, { nfs }) => {
    if (!optionalText(input, "file")) return undefined;
    const root = nfs?.path ?? join(paths.work, `rootfs-${action.level}`, optionalText(input, "prefix") ?? "");
    const server = nfs?.server ?? dispatcherIp(dispatcher, "nfs");
    return {
      data: {
        rootfs: { directory: root },
        nfs: { root, server },
        dynamic_data: { NFS_ROOTFS: root, NFS_SERVER_IP: server },
      },
    };
  },
  "guest-overlay": (input, { data, paths, action }, { diskUuid }) => {
    if (dig(data.overlay, "applied") === true) return undefined;
    const name = `lava-guest-${action.level}.img`;
    const disk = { file: join(paths.work, name), uuid: diskUuid ?? NO_UUID, name };
    return { data: { guest: { ...disk, interface: text(input, "interface"), driveid: text(input, "driveid") } } };
  },
  "qemu-start": (input, { data }) => {
    const uuid = dig(input.guest, "uuid");
    const folder = dig(data.overlay, "results_dir");
    if (typeof uuid !== "string" || typeof folder !== "string") return undefined;
    return { data: { pre_commands: mountCommands(folder, uuid) } };
  },
  "kernel-prepare": (input, context) => {
    const type = text(input, "type");
    const parameters = map(input, "parameters");
    const deploy = map(input, "deploy_parameters");
    const downloaded = text(input, "kernel");
    const joined = deploy.append_dtb === true ? join(dirname(downloaded), `${basename(downloaded)}-dtb`) : downloaded;
    const kernel = needsHeader(type, parameters) ? join(dirname(joined), "uImage") : joined;
    const name = posix.relative(context.paths.tftpRoot, kernel);
    return { data: { kernel: { name, command: bootCommand(type, parameters) } } };
  },
  "http-server": (_, { dispatcher, paths }, { httpUrl }) => ({
    data: { http: { url: httpUrl ?? `http://${dispatcherIp(dispatcher, "http")}/tmp`, root: paths.work } },
  }),
  "device-environment": (input, context) => deviceEnvironmentService.run(input, context),
};

export async function assumedAnswer(
  service: string,
  input: JsonMap,
  context: ServiceContext,
  known: KnownNames,
): Promise<ServiceResult | undefined> {
  return own(ANSWERS, service)?.(input, context, known);
}

/** A connecting service keeps a console that is open; one that starts a machine takes a new one. */
const OPENS: { [service: string]: "when closed" | "always" } = {
  connect: "when closed",
  "container-console": "always",
  "docker-shell": "always",
  "qemu-start": "always",
};

export const opensConsole = (service: string, { console }: ServiceContext): boolean =>
  own(OPENS, service) === "always" || (own(OPENS, service) === "when closed" && (!console || console.isClosed));

export type { Json };

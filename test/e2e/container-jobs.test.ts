/** Containers of a real engine: as the device, beside it, around QEMU and around a job's own steps. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { findProgram } from "../../src/services/programs.js";
import { type ContainerEngine, noContainerEngine, startContainerEngine } from "../support/container-engine.js";
import { startFileServer } from "../support/file-server.js";
import { guestFile } from "../support/guest-images.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const IMAGE = `lava-dispatch-test-${process.pid}:latest`;
const EMULATOR = `lava-dispatch-qemu-${process.pid}:latest`;
const why = noContainerEngine();
if (why) console.warn(`container-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("containers", () => {
  const folder = makeWorkspace();
  let engine: ContainerEngine;
  const docker = (...words: string[]) => engine.docker(...words);

  beforeAll(async () => {
    engine = await startContainerEngine(join(folder, "engine"));
    engine.image(IMAGE);
  });
  afterAll(async () => {
    await engine?.stop();
    removeWorkspace(folder);
  });

  const tests = (name: string, ...steps: string[]) => [
    {
      from: "inline",
      name,
      path: `${name}.yaml`,
      repository: { metadata: { format: "Lava-Test Test Definition 1.0", name }, run: { steps } },
    },
  ];

  /** A job whose device is a container of this image. */
  async function run(name: string, image: string, ...blocks: object[]) {
    const device = join(folder, "device.yaml");
    const posix = {
      lava_test_sh_cmd: "/bin/sh",
      lava_test_results_dir: "/lava-%s",
      lava_test_shell_file: "~/.profile",
    };
    const methods = { docker: { options: { cpus: 1, memory: "128m", volumes: [] } } };
    writeFileSync(
      device,
      stringify({
        constants: { failure_retry: 1, boot_retry: null, "kernel-start-message": "", posix },
        parameters: {},
        actions: {
          deploy: { methods: { docker: { options: {} } }, connections: {} },
          boot: { methods, connections: {} },
        },
        timeouts: { actions: {}, connections: {} },
      }),
    );
    const job = join(folder, `${name}.yaml`);
    writeFileSync(
      job,
      stringify({
        device_type: "docker",
        job_name: name,
        visibility: "public",
        timeouts: { job: { minutes: 3 }, action: { minutes: 1 }, connection: { seconds: 30 } },
        actions: [
          { deploy: { to: "docker", os: "oe", image: { name: image, local: true } } },
          { boot: { method: "docker", command: "/bin/sh", prompts: ["/ # "] } },
          ...blocks,
        ],
      }),
    );
    const output = join(folder, `${name}-out`);
    const { code } = await runCli([...runWords(device, output, `${process.pid}`), job]);
    const left = docker("ps", "--all", "--filter", `name=${process.pid}`, "--format", "{{.Names}}");
    return { code, left, output, report: expectCompleteOutputs(output) };
  }

  test("one is the device, another runs tests beside it; none is left", async () => {
    const { code, left, output, report } = await run(
      "two",
      IMAGE,
      { test: { definitions: tests("inside", 'lava-test-case host --shell test "$(hostname)" = lava') } },
      {
        test: {
          docker: { image: IMAGE, local: true },
          definitions: tests("beside", 'lava-test-case other --shell test "$(hostname)" != lava'),
        },
      },
    );
    expect(report.verdict).toMatchObject({ class: "pass" });
    expect(verdicts(report, "0_inside")).toEqual({ host: "pass" });
    expect(verdicts(report, "1_beside")).toEqual({ other: "pass" });
    expect(readConsole(output)).toContain("/ # ");
    expect({ code, left }).toEqual({ code: 0, left: "" });
  });

  test("an image that is not here is an InfrastructureError with the engine's words", async () => {
    const { code, report } = await run("missing", "lava-dispatch-no-such:1");
    expect(report.verdict.error).toMatchObject({ class: "InfrastructureError", action: "deploy-docker" });
    expect(report.verdict.error?.message).toMatch(/pull access denied|no such|lookup|dial|denied|not found|refused/i);
    expect(code).toBe(3);
  });

  /** PATH whose docker leaves out what the engine may not give here: on most machines that is nothing. */
  function withoutPrivileges(image: string): string {
    try {
      docker("run", "--rm", "--privileged", "--network=host", image, "/bin/true");
      return process.env.PATH ?? "";
    } catch {
      console.warn("container-jobs: the engine may not start privileged containers here: this one has no privileges");
    }
    const front = join(folder, "front");
    mkdirSync(front);
    const real = findProgram("docker", process.env);
    const drop = 'for word; do shift; [ "$word" = --privileged ] || set -- "$@" "$word"; done';
    writeFileSync(join(front, "docker"), `#!/bin/sh\n${drop}\nexec '${real}' "$@"\n`, { mode: 0o755 });
    return [front, process.env.PATH].join(delimiter);
  }

  test("one answers a board's network boot: in the background, with the board told to it, stopped at the end", async () => {
    const name = `lava-dispatch-nodebooter-${process.pid}:latest`;
    engine.image(name, [], {
      "usr/sbin/init": '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 0.1; done\n',
      "bin/systemctl": '#!/bin/sh\necho "$*" >>/home/shared/restarted\n',
      "etc/hostname": "",
    });
    const posted: string[] = [];
    const server = await startFileServer({
      "/nodebooter/api/v2/machines/": (request, reply) => {
        request.on("data", (bytes) => posted.push(`${bytes}`));
        request.on("end", () => reply.writeHead(200).end());
      },
    });
    const home = join(folder, "nodebooter");
    const seen = join(folder, "seen");
    const reset = join(folder, "reset");
    const fields = "{{.Path}} {{.HostConfig.NetworkMode}} {{.State.Running}}";
    const look = [
      `docker inspect --format '${fields}' nodebooter`,
      "docker exec nodebooter cat /home/custom_configs/config",
      "docker exec nodebooter sh -c 'cat /home/lava/downloads/*/*/image'",
      "docker exec nodebooter sort /home/shared/restarted",
    ];
    writeFileSync(reset, `#!/bin/sh\nexec >${seen} 2>&1\nsleep 1\n${look.join("\n")}\n`, { mode: 0o755 });
    writeFileSync(join(folder, "image"), "an image\n");
    const device = join(folder, "netboot-device.yaml");
    const job = join(folder, "netboot.yaml");
    writeFileSync(
      device,
      stringify({
        commands: { hard_reset: reset },
        environment: { DUT_MAC: "02:00:00:00:00:01", DUT_IFACE: "eth7" },
        constants: { failure_retry: 1, boot_retry: null, nodebooter: { home, api: server.url("").replace(/\/$/, "") } },
        actions: {
          deploy: { methods: {}, connections: {} },
          boot: { methods: { nodebooter: null }, connections: {} },
        },
      }),
    );
    writeFileSync(
      job,
      stringify({
        device_type: "netboot",
        job_name: "netboot",
        visibility: "public",
        timeouts: { job: { minutes: 3 }, action: { minutes: 1 }, connection: { seconds: 30 } },
        actions: [
          { deploy: { to: "downloads", images: { boot: { url: `file://${join(folder, "image")}` } } } },
          { boot: { method: "nodebooter", command: "none", docker: { image: name, local: true } } },
        ],
      }),
    );
    const output = join(folder, "netboot-out");
    const env = { PATH: withoutPrivileges(name) };
    const { code } = await runCli([...runWords(device, output, `${process.pid}`), job], { env });
    await server.close();
    const report = expectCompleteOutputs(output);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0 });
    expect(readFileSync(seen, "utf8").split("\n")).toEqual([
      "/usr/sbin/init host true",
      ...["DUT_IFACE=eth7", "IPV4_ADDR=192.168.1.1/24", "IPV6_ADDR=2001:db8:1::/56", "an image"],
      ...["restart naas", "restart nodebooter", "restart setup_networks", ""],
    ]);
    expect(JSON.parse(posted.join("")).boot_info).toMatchObject([
      { boot_file: "/home/lava/downloads/downloads/common/image", loader_file: "" },
    ]);
    expect(docker("ps", "--filter", "name=nodebooter", "--format", "{{.Names}}")).toBe("");
  });

  describe("around a job's steps and around QEMU", () => {
    beforeAll(() => engine.image(EMULATOR, ["qemu-system-aarch64"]));

    /** A device of QEMU's whose containers get `options`, and a job of these blocks. */
    async function emulate(name: string, options: string[], ...actions: object[]) {
      const device = join(folder, `${name}-device.yaml`);
      const plain = parse(readFileSync(inRoot("test/golden/device/qemu-arm64.yaml"), "utf8"));
      plain.actions.test = { methods: { docker: { options: [null, options] } } };
      writeFileSync(device, stringify(plain));
      const job = join(folder, `${name}.yaml`);
      writeFileSync(
        job,
        stringify({
          device_type: "qemu",
          job_name: name,
          visibility: "public",
          context: { arch: "arm64" },
          environment: { GREETING: "hello" },
          timeouts: { job: { minutes: 5 }, action: { minutes: 3 }, connection: { minutes: 2 } },
          actions,
        }),
      );
      const output = join(folder, `${name}-out`);
      const { code } = await runCli([...runWords(device, output, `${process.pid}`), job]);
      const left = docker("ps", "--all", "--filter", `name=${process.pid}`, "--format", "{{.Names}}");
      return { code, left, output, report: expectCompleteOutputs(output) };
    }
    const file = (name: "kernel" | "initrd.cpio.gz") => `file://${guestFile("arm64", name)}`;
    const boot = (image: string) => ({
      boot: {
        method: "qemu",
        media: "tmpfs",
        docker: { image, local: true, binary: "qemu-system-aarch64" },
        auto_login: { login_prompt: "board login:", username: "root" },
        prompts: ["root@board:/root#"],
      },
    });
    const images = (kernel: string) => ({
      deploy: {
        to: "tmpfs",
        os: "oe",
        images: {
          kernel: {
            url: kernel,
            image_arg: '-kernel {kernel} -append "console=ttyAMA0,115200 root=/dev/ram0 panic=1"',
          },
          ramdisk: {
            url: file("initrd.cpio.gz"),
            image_arg: "-initrd {ramdisk}",
            compression: "gz",
            format: "cpio.newc",
            overlays: { lava: true },
          },
        },
      },
    });

    test("steps change the downloads and know the job; QEMU boots what they made, in a container that is gone then", async () => {
      const steps = [
        'test "$GREETING" = hello',
        `test "$LAVA_JOB_ID" = ${process.pid}`,
        'test -n "$LAVA_DISPATCHER_IP"',
        'test -z "$LAVA_DISPATCHER_PREFIX"',
        'test "$OF_THE_DEVICE" = "two words"',
        'test "$PWD" = /lava-downloads',
        "ls overlay*.tar.gz",
        "mv kernel kernel-2",
      ];
      const { code, left, output, report } = await emulate(
        "emulated",
        ["--env=OF_THE_DEVICE=two words"],
        {
          deploy: {
            to: "downloads",
            images: { kernel: { url: file("kernel") } },
            postprocess: { docker: { image: IMAGE, local: true, steps } },
          },
        },
        images("downloads://kernel-2"),
        boot(EMULATOR),
        { test: { definitions: tests("smoke", "lava-test-case kernel --shell uname -a") } },
      );
      expect({ error: report.verdict.error, code, left }).toEqual({ error: undefined, code: 0, left: "" });
      expect(verdicts(report, "0_smoke")).toEqual({ kernel: "pass" });
      const log = readFileSync(join(output, "logs.yaml"), "utf8");
      expect(log).toMatch(
        /Boot command: docker run --network=host --cap-add=NET_ADMIN --interactive --tty --rm --init/,
      );
    });

    test("an image that nobody has fails the boot, whatever this machine has", async () => {
      const { report } = await emulate("no-image", [], images(file("kernel")), boot("lava-dispatch-no-such:1"));
      expect(report.verdict.error).toMatchObject({ class: "InfrastructureError", action: "execute-qemu" });
    });
  });
});

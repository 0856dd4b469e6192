/** Root file systems over NFS: a server in user space on this machine, guests whose initramfs mounts what it serves. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Architecture, guestFile, initrdWithTools, noGuest, rootTree } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { type NfsServer, noNfsServer, startNfsServer } from "../support/nfs-server.js";
import { type RealBoard, startRealBoard } from "../support/real-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const why = noNfsServer() ?? noGuest("arm64") ?? noGuest("amd64");
if (why) console.warn(`nfs-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("a root over NFS", () => {
  const folder = makeWorkspace();
  let server: NfsServer;
  let dispatcher: string;
  let board: RealBoard;
  beforeAll(async () => {
    server = await startNfsServer(folder);
    board = await startRealBoard({ folder, name: "board", changes: { actions: { deploy: { methods: { nfs: {} } } } } });
    dispatcher = join(folder, "dispatcher.yaml");
    // Guests see this machine as 10.0.2.2; what jobs unpack lies where the server looks.
    writeFileSync(dispatcher, stringify({ dispatcher_ip: "10.0.2.2", dispatcher_download_dir: server.folder }));
  });
  afterAll(async () => {
    await board.destroy();
    await server.stop();
    removeWorkspace(folder);
  });

  const file = (path: string) => ({ url: `file://${path}` });
  /** The guest's own tree as a tarball. */
  function rootTar(arch: Architecture): string {
    const tar = join(folder, `${arch}.tar.gz`);
    execFileSync("tar", ["-C", rootTree(folder, arch, { "etc/served-as": "a folder\n" }), "-czf", tar, "."]);
    return tar;
  }
  const login = {
    auto_login: { login_prompt: "board login:", username: "root" },
    prompts: ["root@board:/root#"],
  };
  const onTheRoot = (...more: string[]) =>
    inlineTest(
      "root",
      "lava-test-case served --shell grep -q folder /etc/served-as",
      "lava-test-case mounted --shell grep -q '^10.0.2.2:[^ ]* / nfs4' /proc/mounts",
      "lava-test-case written --shell 'echo kept >/kept && sync && grep -q kept /kept'",
      ...more,
    );
  const passed = { served: "pass", mounted: "pass", written: "pass" };

  let runs = 0;
  async function run(device: string, context: object, actions: object[]) {
    const job = join(folder, `job-${++runs}.yaml`);
    const head = { device_type: "any", job_name: "nfs root", visibility: "public", context };
    const timeouts = { job: { minutes: 6 }, action: { minutes: 2 }, connection: { minutes: 1 } };
    writeFileSync(job, stringify({ ...head, timeouts, actions }));
    const output = join(folder, `out-${runs}`);
    const words = ["--dispatcher", dispatcher, "--tftp-root", board.tftp, "--output-dir", output];
    const { code } = await runCli(["run", "--device", device, "--job-id", `820${runs}`, ...words, job]);
    const report = expectCompleteOutputs(output);
    return { code, report, console: readConsole(output) };
  }

  test("QEMU: what the job says of its root becomes the kernel's arguments", async () => {
    const nfsrootfs = {
      ...file(rootTar("amd64")),
      compression: "gz",
      image_arg: `nfsroot={NFS_SERVER_IP}:{nfsrootfs},${server.options}`,
    };
    const { code, report, console } = await run(inRoot("device-configs/devices/qemu-x86_64.yaml"), { arch: "amd64" }, [
      {
        deploy: {
          to: "nfs",
          os: "oe",
          images: {
            nfsrootfs,
            kernel: { ...file(guestFile("amd64", "kernel")), image_arg: "-kernel {kernel}" },
            initrd: { ...file(initrdWithTools(folder, "amd64")), image_arg: "-initrd {initrd}" },
          },
        },
      },
      { boot: { method: "qemu-nfs", ...login } },
      onTheRoot(),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_root")).toEqual(passed);
    expect(console).toContain(`root=/dev/nfs nfsroot=10.0.2.2:${server.folder}/`);
  });

  test("the U-Boot board: deploy tftp with an NFS root, booted with the device's own commands", async () => {
    const context = { extra_nfsroot_args: `,${server.options}` };
    const { code, report, console } = await run(board.device, context, [
      {
        deploy: {
          to: "tftp",
          os: "oe",
          kernel: { ...file(guestFile("arm64", "kernel")), type: "image" },
          ramdisk: { ...file(initrdWithTools(folder, "arm64")), install_overlay: false, install_modules: false },
          nfsrootfs: { ...file(rootTar("arm64")), compression: "gz" },
        },
      },
      { boot: { method: "u-boot", commands: "nfs", ...login } },
      onTheRoot('lava-test-case told --shell test "$NFS_SERVER_IP" = 10.0.2.2'),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_root")).toEqual({ ...passed, told: "pass" });
    expect(console).toContain(`nfsroot=10.0.2.2:${server.folder}/`);
  });

  test("the U-Boot board: deploy nfs adds modules and overlay to the root; the kernel stays where the lab keeps it", async () => {
    mkdirSync(join(board.tftp, "lab"));
    for (const [name, from] of [
      ["kernel", guestFile("arm64", "kernel")],
      ["initrd", initrdWithTools(folder, "arm64")],
    ] as const)
      copyFileSync(from, join(board.tftp, "lab", name));
    mkdirSync(join(folder, "modules/lib/modules/mine"), { recursive: true });
    writeFileSync(join(folder, "modules/lib/modules/mine/board.ko"), "a module");
    const modules = join(folder, "modules.tar");
    execFileSync("tar", ["-C", join(folder, "modules"), "-cf", modules, "."]);
    const { code, report } = await run(board.device, {}, [
      {
        deploy: {
          to: "nfs",
          os: "oe",
          nfsrootfs: { ...file(rootTar("arm64")), compression: "gz" },
          modules: file(modules),
        },
      },
      {
        boot: {
          method: "u-boot",
          commands: [
            "setenv autoload no",
            "dhcp",
            "setenv serverip {SERVER_IP}",
            "tftp 0x40400000 lab/kernel",
            "tftp 0x44000000 lab/initrd",
            `setenv bootargs 'console=ttyAMA0,115200 root=/dev/nfs rw nfsroot={NFS_SERVER_IP}:{NFSROOTFS},${server.options}'`,
            `booti 0x40400000 0x44000000:\${filesize} \${fdtcontroladdr}`,
          ],
          ...login,
        },
      },
      onTheRoot("lava-test-case module --shell test -f /lib/modules/mine/board.ko"),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_root")).toEqual({ ...passed, module: "pass" });
  });

  test("the overlay is copied from a folder that the board mounts", async () => {
    const { code, report, console } = await run(board.device, {}, [
      {
        deploy: {
          to: "tftp",
          os: "oe",
          kernel: { ...file(guestFile("arm64", "kernel")), type: "image" },
          ramdisk: { ...file(initrdWithTools(folder, "arm64")), install_overlay: false, install_modules: false },
        },
      },
      {
        boot: {
          method: "u-boot",
          commands: "ramdisk",
          ...login,
          auto_login: { ...login.auto_login, login_commands: ["modprobe nfsv4"] },
          transfer_overlay: {
            transfer_method: "nfs",
            download_command: `mount -t nfs4 -o addr=10.0.2.2,${server.options}`,
            unpack_command: "cp -rf",
          },
        },
      },
      inlineTest("copied", "lava-test-case unmounted --shell '! grep -q nfs4 /proc/mounts'"),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_copied")).toEqual({ unmounted: "pass" });
    expect(console).toMatch(/umount \/lava-overlay-\d+ && rmdir/);
  });
});

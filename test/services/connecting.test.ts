import { writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConsole } from "../../src/connections/index.js";
import type { Console } from "../../src/connections/types.js";
import { connect } from "../../src/services/connect.js";
import { qemuArguments, qemuStart } from "../../src/services/qemu-start.js";
import { readFeedback } from "../../src/services/read-feedback.js";
import { builtInMachines } from "../../src/strategies/built-in-machines.js";
import { QuickClock, type TestContext, testContext } from "./service-context.js";

let context: TestContext;
let server: Server;
let sockets: Socket[];
let address: string;

beforeEach(async () => {
  context = testContext();
  context.openConsole = (connection) => createConsole(connection, { clock: context.clock });
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.write("board# ");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `127.0.0.1 ${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  await context.console?.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await context.cleanup();
});

const see = (text: string, console = context.console as Console) =>
  console.expect([{ source: text, kind: "pattern", index: 0 }], AbortSignal.timeout(10_000));

describe("connect", () => {
  test("opens the console once, and uses a live one again", async () => {
    await context.use(connect, { command: `telnet ${address}`, name: "primary" });
    await see("board# ");
    expect(context.log.text()).toContain(`Connecting to device using 'telnet ${address}'`);
    const first = context.console;
    await context.use(connect, { command: `telnet ${address}`, name: "primary" });
    expect(context.console).toBe(first);
    expect(context.log.text()).toContain("Already connected");
    expect(sockets.length).toBe(1);
    await first?.close();
    await context.use(connect, { command: `telnet ${address}`, name: "primary" });
    expect(context.console).not.toBe(first);
    await see("board# ");
  });

  test("any command is a console, with its words kept", async () => {
    writeFileSync(join(context.paths.deviceDir, "console"), '#!/bin/sh\necho "$# words: $1|$2"; cat\n', {
      mode: 0o755,
    });
    await context.use(connect, { command: "./console 'a b' $HOME" });
    await see("2 words: a b\\|\\$HOME");
  });

  test("nothing listens: InfrastructureError", async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(context.use(connect, { command: `telnet ${address}` })).rejects.toMatchObject({
      name: "InfrastructureError",
    });
    expect(context.console).toBeUndefined();
  });

  test("validation: a missing command, a missing program", async () => {
    expect(await connect.validate?.({ command: null }, context)).toMatchObject([{ name: "ConfigurationError" }]);
    expect(await connect.validate?.({ command: "no-such-console x" }, context)).toMatchObject([
      { name: "InfrastructureError", message: expect.stringContaining("no-such-console") },
    ]);
    expect(await connect.validate?.({ command: `telnet ${address}` }, context)).toEqual([]);
    expect(await connect.validate?.({}, context)).toEqual([]);
  });
});

describe("read-feedback", () => {
  test("lets what comes be read; at the end stops when it is silent, and closes", async () => {
    await context.use(connect, { command: `telnet ${address}` });
    const console = context.console as Console;
    const lines: string[] = [];
    console.events.subscribe((event) => event.kind === "lines" && lines.push(...event.lines));
    await see("board# ");
    sockets[0]?.write("one\r\n");
    await context.use(readFeedback, { seconds: 2, finish: false });
    expect(lines).toEqual(["board# one"]);
    expect(console.isClosed).toBe(false);
    sockets[0]?.write("two\r\n");
    await context.use(readFeedback, { seconds: 1000, finish: true });
    expect(lines).toEqual(["board# one", "two"]);
    expect(console.isClosed).toBe(true);
    expect(context.console).toBeUndefined();
    expect(context.log.text()).toContain("Finalising connection for namespace 'common'");
    await context.use(readFeedback, { seconds: 1, finish: true });
  });

  test("a console that never falls silent ends with the time", async () => {
    context.clock = new QuickClock(10);
    await context.use(connect, { command: "yes" });
    await context.use(readFeedback, { seconds: 2, finish: true });
    expect(context.console).toBeUndefined();
  });

  test("who is in a hurry does not wait", async () => {
    const hurry = new AbortController();
    context.hurry = hurry.signal;
    await context.use(connect, { command: `telnet ${address}` });
    const reading = context.use(readFeedback, { seconds: 1000, finish: false });
    hurry.abort();
    await reading;
  });
});

describe("qemu's command line", () => {
  const qemu = { command: "/usr/bin/qemu", options: [], extra: [], images: {}, placeholders: {} };

  test("options, extra, image arguments with their files, in this order", () => {
    expect(
      qemuArguments({
        ...qemu,
        options: ["-nographic", "-m 256"],
        extra: ["-device 'a b'"],
        images: {
          kernel: { file: "/w/vmlinuz", image_arg: '-kernel {kernel} -append "console=ttyS0,115200 root={root}"' },
          ramdisk: { file: "/w/rd.gz", image_arg: "-initrd {ramdisk}" },
        },
        placeholders: { root: "/dev/sda1" },
      }),
    ).toEqual([
      ..."/usr/bin/qemu -nographic -m 256 -device".split(" "),
      "a b",
      ..."-kernel /w/vmlinuz -append".split(" "),
      "console=ttyS0,115200 root=/dev/sda1",
      ..."-initrd /w/rd.gz".split(" "),
    ]);
  });

  test("a file's name adds neither words nor options", () => {
    const images = {
      rootfs: { file: "/w/a b,if=none' -x {kernel}", image_arg: "-drive file={rootfs},if=virtio -hda {rootfs}" },
    };
    expect(qemuArguments({ ...qemu, images }).slice(1)).toEqual([
      "-drive",
      "file=/w/a b,,if=none' -x {kernel},if=virtio",
      "-hda",
      "/w/a b,if=none' -x {kernel}",
    ]);
  });

  test("firmware and the overlay's disk; unknown placeholders stay", () => {
    const guest = { file: "/w/o,.img", uuid: "u", interface: "ide", driveid: "lavatest" };
    expect(qemuArguments({ ...qemu, options: ["-x {other}"], guest, firmware: "/w/uefi" }).slice(1)).toEqual([
      ..."-x {other} -L /w/uefi -monitor none -drive".split(" "),
      "format=raw,file=/w/o,,.img,media=disk,if=ide,id=lavatest",
    ]);
  });
});

describe("qemu-start", () => {
  beforeEach(() => {
    writeFileSync(
      join(context.paths.deviceDir, "qemu"),
      '#!/bin/sh\n[ "$1" = --version ] && echo "QEMU emulator version 7.2.22 (Debian 1:7.2)" && exit\nfor word; do echo "[$word]"; done\nexec cat\n',
      { mode: 0o755 },
    );
  });

  test("opens the console of a new process; the old one is closed", async () => {
    context.job = { context: { arch: "amd64" } };
    context.data = { overlay: { directory: "/x", results_dir: "/lava-42" } };
    const guest = { file: "/w/o.img", uuid: "1234", interface: "ide", driveid: "lavatest" };
    const input = {
      command: "./qemu",
      options: ["-nographic"],
      extra: null,
      images: { kernel: { file: "/w/k", image_arg: "-kernel {kernel}" } },
    };
    const result = await context.use(qemuStart, { ...input, guest, method: "qemu" });
    await see("\\[/w/k\\]");
    expect(result?.extra).toMatchObject({ qemu_version: "7.2.22", job_arch: "amd64" });
    expect(context.data.pre_commands).toEqual([
      "mkdir /lava-42",
      "mount /dev/disk/by-uuid/1234 -t ext2 /lava-42",
      "ls -la /lava-42/bin/lava-test-runner",
    ]);
    expect(context.log.text()).toContain(
      `Boot command: ${join(context.paths.deviceDir, "qemu")} -nographic -kernel /w/k -drive`,
    );
    const first = context.console;
    const second = await context.use(qemuStart, input);
    expect(second?.data ?? {}).toEqual({});
    expect(first?.isClosed).toBe(true);
    expect(context.console?.isClosed).toBe(false);
  });

  test("a root over NFS is told to the kernel, its archive is not given to QEMU", async () => {
    context.data = { nfs: { root: "/w/rootfs", server: "10.0.2.2" } };
    await context.use(qemuStart, {
      command: "./qemu",
      options: [],
      extra: [],
      images: {
        root: { file: "/w/root.tar", image_arg: "nfsroot={NFS_SERVER_IP}:{root},vers=4.1" },
        kernel: { file: "/w/k", image_arg: "-kernel {kernel}" },
      },
      aside: ["root"],
      append: { console: "ttyS0", nfsrootargs: "nfsroot={NFS_SERVER_IP}:{root},x={NFSROOTFS}", ipargs: "ip=dhcp" },
    });
    await see("\\[-append\\]");
    const line = "console=ttyS0 root=/dev/nfs nfsroot=10.0.2.2:/w/rootfs,x=/w/rootfs rw ip=dhcp";
    expect(context.log.text()).toContain(`-kernel /w/k -append "${line}"`);
    expect(context.log.text()).not.toContain("/w/root.tar");
  });

  describe("what a job gives runs no programs of this machine", () => {
    const { constants } = builtInMachines().defaults as unknown as { constants: { emulator: { refuse: string[] } } };
    const { refuse } = constants.emulator;
    const input = { command: "./qemu", options: ["-netdev tap,id=n,script=/lab/ifup"], extra: [], refuse };
    const WORDS = [
      "-incoming exec:/tmp/x",
      '-incoming "exec:touch /tmp/x"',
      "-incoming EXEC:x",
      "-netdev tap,id=n,script=/tmp/x",
      '-netdev tap,id=n,scr"ip"t=/tmp/x',
      "-nic tap,downscript=./x",
      "-netdev bridge,id=n,helper=/tmp/x",
      "-netdev user,id=n,guestfwd=tcp:10.0.2.100:80-cmd:/bin/sh",
      "-netdev user,id=n,smb=/home",
      "-plugin /tmp/x.so",
      "--plugin /tmp/x.so",
      "-readconfig {config}",
      "-daemonize",
    ];

    test.each(WORDS)("in an image's argument: %s", async (image_arg) => {
      const images = { kernel: { file: "/w/k", image_arg } };
      await expect(context.use(qemuStart, { ...input, images })).rejects.toMatchObject({
        name: "JobError",
        message: expect.stringContaining("A job may not give QEMU"),
      });
      expect(context.console).toBeUndefined();
    });

    test.each(WORDS)("in its context, before the run: %s", async (word) => {
      expect(await qemuStart.validate!({ ...input, job_words: ["arm64", 5, word] }, context)).toMatchObject([
        { name: "JobError" },
      ]);
    });

    test("what is harmless, what is for the kernel, and what the device says itself is taken", async () => {
      const image_arg =
        '-kernel {kernel} -append "init=/bin/sh x,script=/y exec:z" -netdev tap,id=m,script=no,downscript=no';
      const images = { kernel: { file: "/w/k", image_arg } };
      await context.use(qemuStart, { ...input, images, job_words: ["virt", "user,hostfwd=tcp::2222-:22", 256, true] });
      await see("\\[/w/k\\]");
    });
  });

  test("the device's -enable-kvm is refused where there is no KVM, before the run", async () => {
    const input = { command: "./qemu", extra: null, images: {} };
    const asked = (options: string[], kvm: string) => qemuStart.validate!({ ...input, options, kvm }, context);
    const missing = join(context.paths.deviceDir, "no-kvm");
    expect(await asked(["-nographic", "-enable-kvm"], missing)).toMatchObject([
      { name: "JobError", advice: expect.stringContaining("no_kvm: true") },
    ]);
    expect(await asked(["-nographic", "-enable-kvm"], context.paths.deviceDir)).toEqual([]);
    // QEMU may have another accelerator to fall back on: LAVA runs these.
    expect(await asked(["-accel tcg -enable-kvm"], missing)).toEqual([]);
    expect(await asked(["-machine accel=kvm:tcg"], missing)).toEqual([]);
  });

  test("a missing QEMU is an InfrastructureError with its package", async () => {
    const input = { command: "qemu-system-s390x", options: [], extra: [], images: {} };
    context.env = { PATH: "/nonexistent" };
    expect(qemuStart.programs?.({ input, device: {}, parameters: {} })).toEqual(["qemu-system-s390x"]);
    await expect(context.use(qemuStart, input)).rejects.toMatchObject({
      name: "InfrastructureError",
      advice: expect.stringContaining("qemu-system-misc"),
    });
  });
});

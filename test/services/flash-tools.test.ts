import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { containerImage } from "../../src/services/container-image.js";
import { containerSteps } from "../../src/services/container-steps.js";
import { fastbootDetect } from "../../src/services/fastboot-detect.js";
import { fastbootEnter, listedDevices } from "../../src/services/fastboot-enter.js";
import { flashCommands, flashPlaceholders } from "../../src/services/flash-commands.js";
import { runTool } from "../../src/services/run-tool.js";
import { usbGadgetStorage } from "../../src/services/usb-gadget-storage.js";
import { QuickClock, type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let context: TestContext;
let tools: StandIns;
beforeEach(() => {
  context = testContext({ clock: new QuickClock(50) });
  context.action.commandError = "InfrastructureError";
  tools = standIns();
  context.env = { ...context.env, PATH: tools.path };
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});

const FLASH = {
  command: ["fastboot", "-s", "f1", "flash", "boot", "/images/a b.img", "-i", "0x1"],
  reasons: ["FAILED \\("],
};

describe("a flash tool", () => {
  test("gets its whole argument list, word by word, and the worker's environment", async () => {
    tools.tool("fastboot", "echo OKAY >&2");
    context.env.ANDROID_SERIAL = "x";
    expect(await context.use(runTool, FLASH)).toEqual({ extra: {} });
    expect(tools.calls()).toEqual([FLASH.command]);
    expect(tools.environment("ANDROID_SERIAL", "HOME")).toEqual({ ANDROID_SERIAL: "x", HOME: context.root });
  });

  test("that is missing is an InfrastructureError, and is told before the job runs", async () => {
    expect(runTool.programs?.({ input: FLASH, device: {}, parameters: {} })).toEqual(["fastboot"]);
    context.env.PATH = tools.folder;
    await expect(context.use(runTool, FLASH)).rejects.toMatchObject({
      name: "InfrastructureError",
      message: "The program 'fastboot' cannot be found",
      advice: expect.stringContaining("apt-get install fastboot"),
    });
  });

  test("that fails is the action's command error, with its last words", async () => {
    tools.tool("fastboot", "echo 'FAILED (remote: unknown partition)'; echo 'fastboot: error: Command failed'; exit 1");
    await expect(context.use(runTool, FLASH)).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("unknown partition"),
    });
  });

  test("that says of itself why it failed and returns 0 has failed; fastboot's exit code decides", async () => {
    tools.tool("fastboot", "echo 'error: device offline'");
    await context.use(runTool, FLASH);
    await expect(context.use(runTool, { ...FLASH, refuse: ["^error:"] })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("error: device offline"),
    });
  });

  test("what it tells of its reasons is a warning as it comes; the first one is told when it fails", async () => {
    const answer = "echo 'error: bad block 7'; echo 'error: bad block 7'; echo 'fastboot: error: Command failed'";
    const input = { command: ["fastboot"], reasons: ["^error: ", "FAILED \\("], error: "ConfigurationError" };
    tools.tool("fastboot", answer);
    await context.use(runTool, input);
    const warnings = context.log.lines.filter(({ level }) => level === "warning");
    expect(warnings).toEqual([{ level: "warning", message: "error: bad block 7" }]);
    tools.tool("fastboot", `${answer}; exit 1`);
    await expect(context.use(runTool, input)).rejects.toMatchObject({
      name: "ConfigurationError",
      message: "Unable to run: ['fastboot'] returned 1: error: bad block 7",
    });
  });

  test("that fails but did what it had to is warned about", async () => {
    const boot = { ...FLASH, tolerate: "(?is)booting(?!.*FAILED \\(remote)" };
    tools.tool("fastboot", "echo 'Booting  FAILED (Status read failed (No such device))'; exit 1");
    await context.use(runTool, boot);
    expect(context.log.text()).toContain("warning Unable to run");
    tools.tool("fastboot", "echo \"Booting  FAILED (remote: 'no kernel')\"; exit 1");
    await expect(context.use(runTool, boot)).rejects.toThrow("no kernel");
  });

  test("that hangs is ended with the action", async () => {
    tools.tool("fastboot", `touch '${context.root}/hanging'; sleep 1000`);
    const run = context.use(runTool, FLASH);
    while (!existsSync(join(context.root, "hanging"))) await new Promise((next) => setTimeout(next, 10));
    context.abort(new Error("time is over"));
    await expect(run).rejects.toThrow("time is over");
  });

  test("in a container sees the job's files and nothing of a shell; the container goes with the job", async () => {
    tools.tool("docker");
    await context.use(runTool, { ...FLASH, container: { image: "lab/fastboot:1", local: true } });
    await context.cleanup();
    const calls = tools.calls();
    expect(calls.map(([, word]) => word)).toEqual(["image", "run", "rm"]);
    expect(calls[1]?.slice(-FLASH.command.length - 1)).toEqual(["lab/fastboot:1", ...FLASH.command]);
    expect(calls[1]).toContain("--name=lava-42-1.2");
    expect(calls[2]).toEqual(["docker", "rm", "--force", "lava-42-1.2"]);
  });
});

describe("fastboot", () => {
  const LIST = "List of devices attached\na1\tdevice\nb2\tunauthorized\n\n";

  test("lists of devices are read", () => {
    expect(Object.fromEntries(listedDevices(LIST))).toEqual({ a1: "device", b2: "unauthorized" });
    expect(Object.fromEntries(listedDevices("f1\t fastboot\r\nf2\tfastbootd\n< waiting for any device >\n"))).toEqual({
      f1: "fastboot",
      f2: "fastbootd",
    });
  });

  const input = { adb_serial: "a1", serial: "f1" };

  test("a device that runs Android is rebooted into its bootloader by adb", async () => {
    tools.tool("adb", `[ "$1" = devices ] && echo 'a1\tdevice'; exit 0`);
    tools.tool("fastboot");
    expect(await context.use(fastbootEnter, input)).toEqual({ data: { fastboot: { serial: "f1" } } });
    expect(tools.calls()).toEqual([
      ["adb", "start-server"],
      ["adb", "devices"],
      ["adb", "-s", "a1", "reboot-bootloader"],
    ]);
  });

  test("a device that waits in fastboot already enters its bootloader anew: what was just flashed runs then", async () => {
    tools.tool("adb", "echo 'List of devices attached'");
    tools.tool("fastboot", "echo 'f1\tfastboot'");
    await context.use(fastbootEnter, { ...input, options: ["-i", "0x1"] });
    expect(tools.calls().slice(2)).toEqual([
      ["fastboot", "devices"],
      ["fastboot", "-s", "f1", "reboot-bootloader", "-i", "0x1"],
    ]);
  });

  test("a device that neither lists is left to fastboot, as one on the network is; adb need not work", async () => {
    tools.tool("adb", "echo 'a1\tunauthorized'");
    tools.tool("fastboot");
    await context.use(fastbootEnter, input);
    expect(context.log.text()).toContain("allow it on its screen");
    tools.tool("adb", "echo 'cannot bind' >&2; exit 1");
    await context.use(fastbootEnter, input);
    expect(context.log.text()).toContain("warning Neither adb (a1) nor fastboot (f1) lists the device");
  });

  test("the device without a number is the one that fastboot sees; two are one too many", async () => {
    const seen = join(context.root, "seen");
    tools.tool("fastboot", `if [ -e '${seen}' ]; then echo 'f9\tfastboot'; else touch '${seen}'; fi`);
    expect(await context.use(fastbootDetect, {})).toEqual({ data: { fastboot: { serial: "f9" } } });
    tools.tool("fastboot", "echo 'f1\tfastboot'; echo 'f2\tfastboot'");
    await expect(context.use(fastbootDetect, {})).rejects.toThrow("several devices: f1, f2");
  });

  test("without fastboot nothing is taken for a device", async () => {
    tools.tool("adb", "exit 0");
    tools.tool("fastboot", "echo broken >&2; exit 1");
    await expect(context.use(fastbootEnter, input)).rejects.toMatchObject({
      message: expect.stringContaining("broken"),
    });
  });
});

describe("a lab's own flash commands", () => {
  const device = {
    commands: { hard_reset: ["off", "on"], power_off: "off", pre_os_command: "relay 1" },
    device_info: [{ board_id: "a b" }],
  };

  test("placeholders: files relative to the downloads, URLs of the rest, the device's commands", () => {
    const files = { kernel: { file: "/work/downloads/common/kernel/Image" } };
    const images = { kernel: { url: "http://x/Image" }, direct: { url: "http://x/direct", download: false } };
    expect(flashPlaceholders({ files, images }, "/work/downloads/common", device)).toEqual({
      KERNEL: "kernel/Image",
      DIRECT: "http://x/direct",
      HARD_RESET_COMMAND: "off && on",
      SOFT_REBOOT_COMMAND: "",
      PRE_OS_COMMAND: "relay 1",
      PRE_POWER_COMMAND: "",
      POWER_ON_COMMAND: "",
      POWER_OFF_COMMAND: "off",
      DEVICE_INFO: "[ { board_id: a b } ]",
      STATIC_INFO: "[]",
    });
  });

  test("run one after the other in the folder of the downloads; a value never becomes more words", async () => {
    context.device = device;
    tools.tool("flash", "pwd");
    const commands = ["flash --image {KERNEL} 'two words'", "flash --reset={HARD_RESET_COMMAND} ; rm -rf /"];
    const file = join(context.paths.work, "downloads/common/kernel/a $(touch x) b");
    await context.use(flashCommands, { commands, files: { kernel: { file } }, images: { kernel: { url: "u" } } });
    expect(tools.calls()).toEqual([
      ["flash", "--image", "kernel/a $(touch x) b", "two words"],
      ["flash", "--reset=off && on", ";", "rm", "-rf", "/"],
    ]);
    expect(context.log.text()).toContain(`>> ${join(context.paths.work, "downloads/common")}`);
  });

  test("the first that fails ends them; one that is missing is told before", async () => {
    tools.tool("flash", "exit 3");
    const input = { commands: ["flash a", "flash b"], files: {}, images: {} };
    await expect(context.use(flashCommands, input)).rejects.toMatchObject({ name: "InfrastructureError" });
    expect(tools.calls()).toEqual([["flash", "a"]]);
    expect(flashCommands.programs?.({ input, device: {}, parameters: {} })).toEqual(["flash", "flash"]);
  });
});

describe("a USB gadget", () => {
  const input = { disable: ["gadget hide"], enable: ["gadget show --file={IMAGE}"], image: "/work/a b.img" };

  test("hides what was there, shows the image, and hides it at the end", async () => {
    tools.tool("gadget", '[ "$1" = show ]');
    await context.use(usbGadgetStorage, input);
    expect(tools.calls()).toEqual([
      ["gadget", "hide"],
      ["gadget", "show", "--file=/work/a b.img"],
    ]);
    await context.cleanup();
    expect(tools.calls().at(-1)).toEqual(["gadget", "hide"]);
  });

  test("hides it at the end although showing failed", async () => {
    tools.tool("gadget", "exit 1");
    await expect(context.use(usbGadgetStorage, input)).rejects.toMatchObject({ name: "InfrastructureError" });
    await context.cleanup();
    expect(tools.calls().map(([, word]) => word)).toEqual(["hide", "show", "hide"]);
  });
});

describe("containers", () => {
  test("an image is pulled after a login whose password is no argument", async () => {
    tools.tool("docker", `[ "$1" = login ] && cat >'${context.root}/password'; exit 0`);
    const login = { registry: "registry.example", user: "me", password: "s3cret" };
    await context.use(containerImage, { image: "debian:stable", login });
    expect(tools.calls()).toEqual([
      ["docker", "login", "--username=me", "--password-stdin", "--", "registry.example"],
      ["docker", "pull", "debian:stable"],
    ]);
    expect(context.log.text()).not.toContain("s3cret");
  });

  test("one that is local is looked for, and pulled where it is not; one that cannot be had is an InfrastructureError", async () => {
    tools.tool("docker", "echo 'manifest unknown' >&2; exit 1");
    await expect(context.use(containerImage, { image: "debian", local: true })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("manifest unknown"),
    });
    expect(tools.calls().map((words) => words.slice(0, 3))).toEqual([
      ["docker", "image", "inspect"],
      ["docker", "pull", "debian"],
    ]);
    expect(await containerImage.validate?.({ image: "--privileged" }, context)).toHaveLength(1);
  });

  test("steps run in a container that has the downloads, the overlay among them, and knows the job", async () => {
    tools.tool("docker");
    const overlay = join(context.root, "overlay-1.tar.gz");
    writeFileSync(overlay, "o");
    Object.assign(context.dispatcher, {
      dispatcher_ip: "192.0.2.7",
      prefix: "lab-",
      http_url_format_string: "http://cache/%s",
    });
    await context.use(containerSteps, {
      container: { image: "debian", container_name: "post", devices: ["/dev/null", "--privileged"] },
      container_options: { global_options: ["-D", null], options: [null, ["--cpus", "2"]] },
      steps: ["cp a b", "echo '$(id)' && ls"],
      present: ["/dev/zero", "/dev/there-is-no-such"],
      environment: { A: "1 2" },
      overlay,
    });
    const folder = join(context.paths.work, "downloads/common");
    const run = tools.calls().find((words) => words.includes("run")) ?? [];
    expect(run).toEqual([
      ...["docker", "-D", "run", "--cpus", "2", "--rm", "--init", "--name=post-lava-42", "--workdir=/lava-downloads"],
      ...["--device=/dev/null", "--device=/dev/zero"],
      `--mount=type=bind,source=${folder},destination=/lava-downloads`,
      ...["--env=A=1 2", "--env=LAVA_JOB_ID=42", "--env=LAVA_DISPATCHER_IP=192.0.2.7"],
      ...["--env=LAVA_DISPATCHER_PREFIX=lab-", "--env=HTTP_CACHE=http://cache/%s"],
      ...["debian", "/lava-downloads/postprocess.sh"],
    ]);
    expect(context.log.text()).toContain("'--privileged' is no device file");
    expect(readFileSync(join(folder, "overlay-1.tar.gz"), "utf8")).toBe("o");
    const script = join(folder, "postprocess.sh");
    expect(readFileSync(script, "utf8")).toBe("#!/bin/sh\nexec 2>&1\nset -ex\ncp a b\necho '$(id)' && ls\n");
    expect(statSync(script).mode & 0o777).toBe(0o755);
  });

  test("a tool's container has what the device adds to all of them", async () => {
    tools.tool("docker");
    await context.use(runTool, {
      command: ["uuu"],
      container: {
        image: "lab/uuu:1",
        local: true,
        remote_options: "--tlsverify -H tcp://engine:2376",
        devices: ["/dev/mem"],
      },
      container_options: { global_options: "-D", options: ["--privileged"] },
      devices: ["/dev/ttyACM0"],
      environment: { DISABLE_SUMMARY: "true" },
      cwd: "/w",
    });
    const global = ["docker", "--tlsverify", "-H", "tcp://engine:2376", "-D"];
    expect(tools.calls()).toEqual([
      [...global, "image", "inspect", "--format", "Image {{.Id}} is here", "lab/uuu:1"],
      [
        ...[...global, "run", "--privileged", "--rm", "--init", "--name=lava-42-1.2", "--workdir=/w"],
        "--device=/dev/ttyACM0",
        `--mount=type=bind,source=${context.paths.work},destination=${context.paths.work},readonly=true`,
        ...["--env=DISABLE_SUMMARY=true", "lab/uuu:1", "uuu"],
      ],
    ]);
    expect(context.log.text()).toContain("'/dev/mem' is the memory of this machine: the container does not get it");
  });

  test("steps get no disk of this machine and not its memory, under any name", async (task) => {
    tools.tool("docker");
    const disk = readdirSync("/dev").find(
      (name) => !/^loop/.test(name) && statSync(`/dev/${name}`, { throwIfNoEntry: false })?.isBlockDevice(),
    );
    if (!disk) return task.skip("this machine shows no disk");
    const devices = [`/dev/${disk}`, "/dev/mem", `/dev/fd/../${disk}`, "/dev/null"];
    await context.use(containerSteps, { container: { image: "debian", devices }, steps: ["x"] });
    const run = tools.calls().find(([, word]) => word === "run") ?? [];
    expect(run.filter((word) => word.startsWith("--device"))).toEqual(["--device=/dev/null"]);
    expect(context.log.text()).toContain(`'/dev/${disk}' is a disk of this machine: the container does not get it`);
  });

  test("steps that fail are the action's command error", async () => {
    tools.tool("docker", '[ "$1" != run ] || { echo "no space" >&2; exit 2; }');
    writeFileSync(join(context.paths.work, "x"), "");
    await expect(context.use(containerSteps, { container: { image: "debian" }, steps: ["x"] })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("no space"),
    });
  });
});

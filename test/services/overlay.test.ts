import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ConfigurationError, JobError } from "../../src/base/errors.js";
import type { JsonMap } from "../../src/base/json.js";
import { deviceEnvironmentService } from "../../src/services/device-environment.js";
import { overlayCompress } from "../../src/services/overlay-compress.js";
import { overlayDirectory } from "../../src/services/overlay-directory.js";
import { sshAuthorize } from "../../src/services/ssh-authorize.js";
import { buildOverlay, definition } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
const make = (changes: Parameters<typeof testContext>[0] = {}) => {
  context = testContext({ dispatcher: { dispatcher_ip: "10.0.2.2" }, ...changes });
  return context;
};
afterEach(() => context.cleanup());

const overlay = () => context.data.overlay as { directory: string; tarball: string; sha256: string };
const inside = (...names: string[]) => join(overlay().directory, "lava-42", ...names);
const read = (...names: string[]) => readFileSync(inside(...names), "utf8");

const SCRIPTS = [
  ...[
    "add-keys",
    "add-sources",
    "background-process-start",
    "background-process-stop",
    "common-functions",
    "echo-ipv4",
  ],
  ...[
    "install-functions",
    "install-packages",
    "installed-packages",
    "os-build",
    "probe-channel",
    "probe-ip",
    "target-ip",
    "target-mac",
  ],
  ...[
    "target-storage",
    "test-case",
    "test-event",
    "test-feedback",
    "test-raise",
    "test-reference",
    "test-runner",
    "test-runner-functions",
  ],
  ...["test-set", "test-shell"],
].map((name) => `lava-${name}`);

describe("overlay-directory", () => {
  it("has LAVA's helper scripts, with the target's shell in their first line", async () => {
    await make().use(overlayDirectory, { results_dir: "/lava-%s", shell: "/bin/bash", distro: "oe" });
    expect(readdirSync(inside("bin"))).toEqual(SCRIPTS);
    for (const script of SCRIPTS) {
      expect(read("bin", script).split("\n", 2)).toEqual(["#!/bin/bash", ""]);
      expect(statSync(inside("bin", script)).mode & 0o777).toBe(0o755);
    }
    expect(readdirSync(inside()).sort()).toEqual(["bin", "environment", "results", "tests"]);
    expect(read("bin/lava-install-packages")).toContain("opkg");
    expect(context.log.text()).toContain("Updating /lava-42/bin/lava-install-packages (oe)");
  });

  it("puts values of the device into the scripts that answer them", async () => {
    make({ device: { parameters: { interfaces: { target: { mac: "a'b" } } } } });
    await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    expect(read("bin/lava-target-mac").split("\n").slice(0, 3)).toEqual([
      "#!/bin/sh",
      "",
      `TARGET_DEVICE_MAC='a'"'"'b'`,
    ]);
    expect(read("bin/lava-target-ip")).toContain("TARGET_DEVICE_IP=''\n");
  });

  it("writes the environment in LAVA's order, flattened and quoted", async () => {
    make({
      device: {
        hostname: "board-1",
        devicetype: "panda",
        environment: { DUT: "it's", NESTED: { list: ["a", 2], on: true } },
        device_info: [{ board_id: "1234", "odd-key": false }],
        static_info: [{ probe_ip: "10.0.0.1" }],
        storage_info: [{ UMS: "/dev/sda" }],
      },
      job: { tags: ["a", "b c"], environment: { never: "used" } },
      dispatcher: { dispatcher_ip: "10.0.2.2", prefix: "lab-", http_url_format_string: "http://cache/?u=%s" },
    });
    await context.use(overlayDirectory, {
      results_dir: "/lava-42",
      shell: "/bin/sh",
      environment: { FOO: "a b", BAR: null, DUT: "it's" },
    });
    expect(read("environment")).toBe(
      [
        `export DUT='it'"'"'s'`,
        "export NESTED_list_0=a",
        "export NESTED_list_1=2",
        "export NESTED_on=1",
        "export LAVA_DEVICE_INFO_0_board_id=1234",
        "export LAVA_DEVICE_INFO_0_odd_key=0",
        "export LAVA_STATIC_INFO_0_probe_ip=10.0.0.1",
        "export LAVA_STORAGE_INFO_0_UMS=/dev/sda",
        "export FOO='a b'",
        "export BAR=''",
        "export LAVA_JOB_ID=42",
        "export LAVA_DISPATCHER_IP=10.0.2.2",
        "export LAVA_JOB_TAGS='a,b c'",
        "export LAVA_DISPATCHER_PREFIX=lab-",
        "export LAVA_DEVICE_HOSTNAME=board-1",
        "export LAVA_DEVICE_TYPE=panda",
        "export HTTP_CACHE='http://cache/?u=%s'",
        "",
      ].join("\n"),
    );
    // It is what a shell reads back.
    const shown = execFileSync("sh", [
      "-c",
      `. "$1"; printf '%s|' "$DUT" "$FOO" "$LAVA_JOB_TAGS"`,
      "sh",
      inside("environment"),
    ]);
    expect(shown.toString()).toBe("it's|a b|a,b c|");
  });

  it("exports what is known, empty texts too, and says what is not", async () => {
    await make().use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    expect(read("environment")).toBe(
      "export LAVA_JOB_ID=42\nexport LAVA_DISPATCHER_IP=10.0.2.2\nexport LAVA_JOB_TAGS=''\nexport LAVA_DISPATCHER_PREFIX=''\n",
    );
    expect(context.log.text()).toContain("LAVA_DEVICE_HOSTNAME is not known");
  });

  it("leaves out variables whose names would break the target's shell, and says so", async () => {
    make({ device: { environment: { "a b": 1, fine: 2 } }, job: { environment: { "X;reboot": 1, also: "fine" } } });
    await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    expect(read("environment")).toMatch(/^export fine=2\nexport also=fine\nexport LAVA_JOB_ID=/);
    expect(context.log.text()).toContain("'a b' of the device's environment cannot be the name of a variable");
    expect(context.log.text()).toContain("'X;reboot' of the job's environment cannot be the name of a variable");
  });

  it("refuses a results directory that is none, at validation", async () => {
    make();
    expect(await overlayDirectory.validate!({ results_dir: "lava" }, context)).toEqual([
      expect.any(ConfigurationError),
    ]);
    expect(await overlayDirectory.validate!({ results_dir: "/lava-%s" }, context)).toEqual([]);
  });

  it("keeps secrets in the target's file and out of log and output directory", async () => {
    make({ job: { secrets: { token: "hush hush" }, env_dut: "purge: true\noverrides: {PASSWORD: silence}\n" } });
    await buildOverlay(context, {}, [{ name: "a", definition: definition("a", ["true"]) }]);
    expect(read("secrets")).toBe("token=hush hush\nPASSWORD=silence\n");
    expect(context.log.text()).not.toMatch(/hush|silence/);
    const tar = (file: string, ...args: string[]) =>
      execFileSync("tar", ["-xzOf", file, ...args], { encoding: "utf8" });
    expect(tar(overlay().tarball, "lava-42/secrets")).toContain("hush");
    const copy = join(context.paths.output, "overlay-1.1.4.tar.gz");
    expect(execFileSync("tar", ["-tzf", copy], { encoding: "utf8" })).not.toContain("secrets");
    expect(tar(copy)).not.toMatch(/hush|silence/);
    expect(context.log.text()).toContain("leaves out 1 private file");
  });

  it("gives the device the dispatcher's environment, but nothing of how the dispatcher was started", async () => {
    make({ job: { env_dut: "removes: [SECRET]\noverrides: {LANG: C}\n" } });
    const start = { PWD: "/x", OLDPWD: "/y", SHLVL: "2", _: "/usr/bin/node", INIT_CWD: "/z", npm_config_yes: "true" };
    context.env = { LAB: "one", SECRET: "hidden", ...start };
    await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    expect(read("secrets")).toBe("LAB=one\nLANG=C\n");
    await context.use(deviceEnvironmentService, { env_dut: context.job.env_dut! });
    expect(context.data.environment).toEqual({ LAB: "one", LANG: "C" });
    await context.use(deviceEnvironmentService, { env_dut: "purge: true\noverrides: {PWD: /root}\n" });
    expect(context.data.environment).toMatchObject({ PWD: "/root" });
  });

  it("makes no secrets file without secrets", async () => {
    await make().use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    expect(existsSync(inside("secrets"))).toBe(false);
  });
});

describe("overlay-compress", () => {
  it("gives the same bytes for the same tree, whenever and however it was made", async () => {
    const sums = [];
    for (const time of [1, 2]) {
      await buildOverlay(make(), { distro: "debian" }, [{ name: "a", definition: definition("a", ["true"]) }]);
      utimesSync(inside("environment"), time, time);
      await context.use(overlayCompress, {});
      sums.push(overlay().sha256);
    }
    expect(sums[0]).toBe(sums[1]);
  });

  it("leaves the tarball and a checksum that sha256sum accepts in the output directory", async () => {
    await buildOverlay(make(), {}, [{ name: "a", definition: definition("a", ["true"]) }]);
    const { output } = context.paths;
    expect(readdirSync(output).sort()).toEqual(["overlay-1.1.4.tar.gz", "overlay-1.1.4.tar.gz.sha256"]);
    execFileSync("sha256sum", ["--check", "overlay-1.1.4.tar.gz.sha256"], { cwd: output, stdio: "pipe" });
    const sum = createHash("sha256")
      .update(readFileSync(join(output, "overlay-1.1.4.tar.gz")))
      .digest("hex");
    expect(overlay().sha256).toBe(sum);
    expect(context.log.text()).toContain(sum);
  });

  it("packs names from the root, everything owned by root, links as links", async () => {
    await buildOverlay(make(), {}, [{ name: "a", definition: definition("a", ["true"]) }]);
    symlinkSync("/etc/passwd", inside("link"));
    mkdirSync(inside("d".repeat(90), "e".repeat(90)), { recursive: true });
    writeFileSync(inside("d".repeat(90), "e".repeat(90), "f".repeat(120)), "deep");
    await context.use(overlayCompress, {});
    const list = execFileSync("tar", ["--numeric-owner", "-tvzf", overlay().tarball], { encoding: "utf8" })
      .trim()
      .split("\n");
    expect(list.every((line) => / 0\/0 .* lava-42/.test(line))).toBe(true);
    expect(list.find((line) => line.includes("link"))).toMatch(/^lrwxrwxrwx .* lava-42\/link -> \/etc\/passwd$/);
    expect(list.find((line) => line.includes("lava-42/bin/lava-test-case"))).toMatch(/^-rwxr-xr-x/);
    expect(list.find((line) => line.includes("lava-42/environment"))).toMatch(/^-rw-r--r--/);
    expect(list.some((line) => line.endsWith("f".repeat(120)))).toBe(true);
  });

  it("writes nothing through a link that has the name of a file of ours", async () => {
    make();
    await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    const victim = join(context.root, "victim");
    writeFileSync(victim, "untouched");
    const tests = inside("0/tests/0_a");
    const { testDefinitionInline } = await import("../../src/services/test-definition-inline.js");
    const { testOverlay } = await import("../../src/services/test-overlay.js");
    const { testRunScript } = await import("../../src/services/test-run-script.js");
    await context.use(testDefinitionInline, {
      index: 0,
      stage: 0,
      name: "a",
      path: "a.yaml",
      definition: definition("a", ["true"]),
    });
    for (const name of ["testdef.yaml", "uuid", "testdef_metadata", "run.sh"]) symlinkSync(victim, join(tests, name));
    await context.use(testOverlay, { index: 0 });
    await context.use(testRunScript, { index: 0 });
    expect(readFileSync(victim, "utf8")).toBe("untouched");
    expect(read("0/tests/0_a/uuid")).toBe("42_1.2\n");
  });
});

describe("ssh-authorize", () => {
  it("adds the device's key, and keeps the secret half out of the output directory", async () => {
    make();
    const key = join(context.paths.deviceDir, "lab-key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    await context.use(overlayDirectory, { results_dir: "/lava-42", shell: "/bin/sh" });
    await context.use(sshAuthorize, { authorize: "ssh", identity_file: "lab-key" });
    await context.use(overlayCompress, {});
    const authorized = join(overlay().directory, "root/.ssh/authorized_keys");
    expect(readFileSync(authorized)).toEqual(readFileSync(`${key}.pub`));
    expect(statSync(authorized).mode & 0o777).toBe(0o600);
    expect(readFileSync(inside("lab-key"))).toEqual(readFileSync(key));
    const names = execFileSync("tar", ["-tzf", join(context.paths.output, "overlay-1.2.tar.gz")], {
      encoding: "utf8",
    }).split("\n");
    expect(names).toContain("lava-42/lab-key.pub");
    expect(names).toContain("root/.ssh/authorized_keys");
    expect(names).not.toContain("lava-42/lab-key");
  });

  it("does nothing unasked, and names a key that is missing", async () => {
    make();
    expect(await context.use(sshAuthorize, {})).toBeUndefined();
    await expect(context.use(sshAuthorize, { authorize: "telnet" })).rejects.toThrow(JobError);
    await expect(
      context.use(sshAuthorize, { authorize: "ssh", identity_file: "none" } as JsonMap),
    ).rejects.toMatchObject({
      name: "ConfigurationError",
      advice: expect.stringContaining("ssh-keygen"),
    });
  });
});

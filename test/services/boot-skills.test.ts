/** What boots need beside bootloaders: sessions with a program, containers and clouds as consoles, devices that come, adb. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConsole } from "../../src/connections/console.js";
import { adbOverlay } from "../../src/services/adb-overlay.js";
import { cloudMachine } from "../../src/services/cloud-machine.js";
import { containerConsole } from "../../src/services/container-console.js";
import { decide } from "../../src/services/decide.js";
import { disconnect } from "../../src/services/disconnect.js";
import { promptSession } from "../../src/services/prompt-session.js";
import { sshCopy } from "../../src/services/ssh-copy.js";
import { deviceWaiter } from "../../src/services/wait-for-device.js";
import { writeText } from "../../src/services/write-text.js";
import { freePort } from "../support/workspace.js";
import { QuickClock, type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let context: TestContext;
let tools: StandIns;
beforeEach(() => {
  context = testContext({ clock: new QuickClock(20) });
  context.openConsole = (connection) => createConsole(connection, { clock: new QuickClock(1) });
  tools = standIns();
  context.env = { ...context.env, PATH: tools.path };
});
afterEach(async () => {
  await context.console?.close();
  await context.cleanup();
  tools.remove();
});

describe("a session with a program", () => {
  /** Asks with its prompt and answers each line; `load` fails. */
  const GDB = `while printf '(gdb) '; read -r line; do echo "$line" >>'LINES'; case $line in load) echo 'Load failed';; *) echo "did $line";; esac; done`;
  const input = (lines: string[]) => ({
    command: ["gdb", "-q", "{ZEPHYR}"],
    prompt: "\\(gdb\\) ",
    lines,
    failures: ["Load failed"],
    last: "continue",
    pause: 1,
    files: { zephyr: { file: "/w/a b.elf", name: "a b.elf" } },
  });
  const typed = () => readFileSync(join(context.root, "lines"), "utf8").split("\n").filter(Boolean);
  beforeEach(() => tools.tool("gdb", GDB.replaceAll("LINES", join(context.root, "lines"))));

  test("types each line when the prompt is there, the last one too, and stays until the end", async () => {
    await context.use(promptSession, input(["target remote :1", "monitor reset"]));
    while (typed().length < 3) await new Promise((next) => setTimeout(next, 10));
    expect(typed()).toEqual(["target remote :1", "monitor reset", "continue"]);
    expect(tools.calls()).toEqual([["gdb", "-q", "/w/a b.elf"]]);
    expect(context.console).toBeUndefined();
  });

  test("a line that the program refuses is the action's command error; nothing is typed after it", async () => {
    await expect(context.use(promptSession, input(["load", "run"]))).rejects.toMatchObject({
      name: "JobError",
      message: "'load' failed: Load failed",
    });
    expect(typed()).toEqual(["load"]);
  });

  test("a program that ends is told, one that is missing too", async () => {
    tools.tool("gdb", "echo 'no such option'; exit 1");
    await expect(context.use(promptSession, input([]))).rejects.toMatchObject({ name: "ConnectionClosedError" });
    context.env.PATH = "/nowhere";
    await expect(context.use(promptSession, { ...input([]), command: ["gdb-multiarch"] })).rejects.toThrow(
      "'gdb-multiarch' cannot be found",
    );
  });

  test.skipIf(!existsSync("/usr/bin/gdb"))("the real gdb", async () => {
    const real = {
      ...input(["set confirm off", "print 6 * 7"]),
      command: ["/usr/bin/gdb", "-q", "-nx"],
      files: {},
      last: "quit",
    };
    await context.use(promptSession, real);
    const target = `target remote 127.0.0.1:${await freePort()}`;
    await expect(
      context.use(promptSession, {
        ...real,
        lines: ["set tcp auto-retry off", target],
        failures: ["Connection (refused|timed out)"],
      }),
    ).rejects.toThrow(/^'target remote \S+' failed: 127\.0\.0\.1:\d+: Connection refused/);
  });
});

describe("a container as console", () => {
  const input = {
    options: {
      cpus: 1.5,
      memory: "512M",
      privileged: false,
      capabilities: ["NET_ADMIN"],
      devices: [null],
      networks: [],
      volumes: ["/srv:/srv"],
      extra_arguments: [],
      remote: "tcp://10.0.0.9:2375",
    },
    image: "lab/board:1",
    command: "run --name 'a b'",
    environment: ["LICENCE=8224@host"],
    downloads: {},
  };

  test("is told all that device and job say, word by word; it goes with the job", async () => {
    tools.tool("docker", "sleep 0.2; echo ready");
    context.data = { overlay: { directory: "/w/overlay", results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
    const result = await context.use(containerConsole, { ...input, overlay: context.data.overlay ?? null });
    expect(result?.data).toEqual({ container: { name: "lava-42-1.2", image: "lab/board:1" } });
    await context.console?.closed;
    expect(tools.calls()[0]).toEqual([
      "docker",
      "--host",
      "tcp://10.0.0.9:2375",
      "run",
      "--interactive",
      "--tty",
      "--rm",
      "--init",
      "--name=lava-42-1.2",
      "--hostname=lava",
      "--mount=type=bind,source=/w/overlay/lava-42,destination=/lava-42",
      `--mount=type=bind,source=${context.paths.work}/downloads,destination=/lava-downloads`,
      "--env=LICENCE=8224@host",
      "--cpus=1.5",
      "--memory=512M",
      "--cap-add=NET_ADMIN",
      "--volume=/srv:/srv",
      "lab/board:1",
      "run",
      "--name",
      "a b",
    ]);
    await context.cleanup();
    expect(tools.calls().at(-1)).toEqual(["docker", "--host", "tcp://10.0.0.9:2375", "rm", "--force", "lava-42-1.2"]);
  });

  test("a model's arguments have its files in them; the container sees them at their places", async () => {
    tools.tool("docker");
    const words = ["/opt/model", { words: "-C rom='{ROM}'" }, { words: "--data={ROM}@0x0" }];
    await context.use(containerConsole, {
      options: {},
      image: "lab/fvp:1",
      words,
      files: { ROM: { file: "/w/rom 1.bin", name: "r" } },
      network: "host",
    });
    await context.console?.closed;
    expect(tools.calls()[0]?.slice(-4)).toEqual(["/opt/model", "-C", "rom=/w/rom 1.bin", "--data=/w/rom 1.bin@0x0"]);
    expect(tools.calls()[0]).toContain("--network=host");
  });

  test("names that docker would take for options are refused before the run", async () => {
    expect(await containerConsole.validate?.({ ...input, image: "--privileged" }, context)).toMatchObject([
      { name: "JobError" },
    ]);
    expect(await containerConsole.validate?.({ ...input, environment: ["no value"] }, context)).toMatchObject([
      { name: "JobError" },
    ]);
    expect(await containerConsole.validate?.(input, context)).toEqual([]);
  });
});

describe("waiting for a device", () => {
  const usb = (host: { sys: string }, name: string, files: { [name: string]: string }) => {
    const folder = join(host.sys, "bus/usb/devices", name);
    mkdirSync(folder, { recursive: true });
    for (const [key, value] of Object.entries(files)) writeFileSync(join(folder, key), `${value}\n`);
  };

  test("ends when all of it are there: by number, by path, by label", async () => {
    const host = { sys: join(context.root, "sys"), dev: join(context.root, "dev") };
    const waiter = deviceWaiter(host);
    let done = false;
    const run = context.use(waiter, {
      match: [{ serial: "A1", vendor: "1FC9" }, { path: "/dev/disk/by-id/usb-x" }, { label: "MY BOARD" }],
      settle: 5,
    });
    void run.then(() => {
      done = true;
    });
    usb(host, "1-1", { idVendor: "1fc9", idProduct: "0135", serial: "B2", busnum: "1", devnum: "7" });
    await new Promise((next) => setTimeout(next, 60));
    usb(host, "1-2", { idVendor: "1fc9", idProduct: "0135", serial: "A1", busnum: "1", devnum: "8" });
    await new Promise((next) => setTimeout(next, 60));
    expect(done).toBe(false);
    for (const folder of ["by-id", "by-label"]) mkdirSync(join(host.dev, "disk", folder), { recursive: true });
    writeFileSync(join(host.dev, "sdz"), "");
    symlinkSync(join(host.dev, "sdz"), join(host.dev, "disk/by-id/usb-x"));
    symlinkSync(join(host.dev, "sdz"), join(host.dev, "disk/by-label/MY\\x20BOARD"));
    const result = await run;
    expect(result?.data?.devices).toEqual([
      join(host.dev, "bus/usb/001/008"),
      join(host.dev, "sdz"),
      join(host.dev, "sdz"),
    ]);
  });

  test("ends with the action's time; without a device it is a ConfigurationError before the run", async () => {
    const waiter = deviceWaiter({ sys: "/nowhere", dev: "/nowhere" });
    const run = context.use(waiter, { match: [{ serial: "A1" }] });
    context.abort(new Error("time is over"));
    await expect(run).rejects.toThrow("time is over");
    expect(await waiter.validate?.({ match: [{ serial: null, kind: "tty" }] }, context)).toMatchObject([
      { name: "ConfigurationError" },
    ]);
    expect(await waiter.validate?.({}, context)).toEqual([]);
  });
});

describe("a virtual board in a cloud", () => {
  let server: Server;
  const requests: string[] = [];
  let states: string[];
  const body = async (request: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("latin1");
  };
  beforeEach(async () => {
    requests.length = 0;
    states = ["creating", "on"];
    server = createServer(async (request, response) => {
      const said = await body(request);
      const shown = said.startsWith("{")
        ? ` ${said}`
        : said.includes("filename")
          ? ` upload ${said.includes("PK\x03\x04") ? "zip" : "?"}`
          : "";
      requests.push(`${request.method} ${request.url}${shown}`);
      if (request.url === "/api/v1/auth/login" && !said.includes("secret")) return response.writeHead(403).end();
      if (request.url !== "/api/v1/auth/login" && request.headers.authorization !== "Bearer t")
        return response.writeHead(401).end();
      const answers: { [path: string]: unknown } = {
        "/api/v1/auth/login": { token: "t" },
        "/api/v1/projects": [{ id: "p1", name: "Default Project" }],
        "/api/v1/models": [{ model: "kronos", flavor: "k1" }],
        "/api/v1/images": { id: "i1" },
        "/api/v1/instances": { id: "m1" },
        "/api/v1/instances/m1/state": states[0],
        "/api/v1/instances/m1/console": { url: "ws://127.0.0.1:1/console" },
      };
      if (request.url?.endsWith("/state") && states.length > 1) states.shift();
      response.end(request.method === "DELETE" ? "" : JSON.stringify(answers[request.url ?? ""]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    tools.tool("websocat", "echo booting; sleep 0.2");
    writeFileSync(join(context.root, "kernel"), "k");
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));
  const input = (over = {}) => ({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    project: "Default Project",
    model: "kronos",
    token: "secret",
    downloads: { kernel: { file: join(context.root, "kernel"), name: "kernel" } },
    bootargs: { normal: "quiet" },
    ...over,
  });

  test("gets its firmware, is made, awaited and talked to, and is deleted with its firmware", async () => {
    const result = await context.use(cloudMachine, input());
    expect(result?.data).toEqual({ cloud: { machine: "m1" } });
    await context.console?.closed;
    expect(tools.calls()).toEqual([["websocat", "--binary", "--exit-on-eof", "ws://127.0.0.1:1/console"]]);
    await context.cleanup();
    expect(requests).toEqual([
      'POST /api/v1/auth/login {"apiToken":"secret"}',
      "GET /api/v1/projects",
      "GET /api/v1/models",
      "POST /api/v1/images upload zip",
      'POST /api/v1/instances {"name":"LAVA 42","project":"p1","flavor":"k1","os":"LAVA 42","fwpackage":"i1","bootOptions":{"bootArgs":"quiet"}}',
      "GET /api/v1/instances/m1/state",
      "GET /api/v1/instances/m1/state",
      "GET /api/v1/instances/m1/console",
      'POST /api/v1/auth/login {"apiToken":"secret"}',
      "DELETE /api/v1/instances/m1",
      'POST /api/v1/auth/login {"apiToken":"secret"}',
      "DELETE /api/v1/images/i1",
    ]);
    expect(context.log.text()).not.toContain("secret");
  });

  test("one that does not start is an InfrastructureError; a refused token and an unknown model are JobErrors", async () => {
    states = ["error"];
    await expect(context.use(cloudMachine, input())).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("'error'"),
    });
    await expect(context.use(cloudMachine, input({ token: "old" }))).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("token"),
    });
    await expect(context.use(cloudMachine, input({ model: "x" }))).rejects.toMatchObject({
      name: "JobError",
      advice: "It has: kronos.",
    });
    await context.cleanup();
  });
});

describe("ssh and adb", () => {
  test("the overlay goes to the machine; its words are no options", async () => {
    tools.tool("ssh");
    tools.tool("scp");
    context.data = { overlay: { tarball: "/w/overlay-1.tar.gz" } };
    const ssh = { port: 2222, identity_file: "key", options: ["-o LogLevel=ERROR"] };
    const result = await context.use(sshCopy, { ssh, host_data: "fe80::1", directory: "/lava-42" });
    const common = [
      "-o",
      "LogLevel=ERROR",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "BatchMode=yes",
      "-i",
      join(context.paths.deviceDir, "key"),
    ];
    expect(tools.calls()).toEqual([
      ["ssh", ...common, "-p", "2222", "root@fe80::1", "mkdir", "-p", "/lava-42"],
      ["scp", "-q", ...common, "-P", "2222", "--", "/w/overlay-1.tar.gz", "root@[fe80::1]:/lava-42/overlay-1.tar.gz"],
    ]);
    expect(result?.data?.ssh).toMatchObject({
      overlay: "/lava-42/overlay-1.tar.gz",
      command: ["ssh", ...common, "-t", "-p", "2222", "root@fe80::1"],
    });
    for (const bad of ["-oProxyCommand=x", "a b", "a;b"])
      await expect(context.use(sshCopy, { ssh: { host: bad }, directory: "/l" })).rejects.toMatchObject({
        name: "ConfigurationError",
      });
    await expect(context.use(sshCopy, { ssh: {}, directory: "/l" })).rejects.toMatchObject({ name: "JobError" });
  });

  test("the overlay's folder is pushed to a device that runs Android; modes that cannot be set are no failure", async () => {
    tools.tool("adb", `[ "$3" = push ] || { echo 'Operation not permitted'; exit 1; }`);
    const overlay = { directory: "/w/overlay", results_dir: "/data/local/tmp/lava-1", tarball: "/w/overlay-1.tar.gz" };
    context.data = { overlay };
    await context.use(adbOverlay, { serial: "a1" });
    expect(tools.calls()).toEqual([
      ["adb", "-s", "a1", "push", "/w/overlay/data/local/tmp", "/data/local"],
      ["adb", "-s", "a1", "shell", "/system/bin/chmod", "-R", "0777", "/data/local/tmp/lava-1"],
    ]);
    expect(context.log.text()).toContain("Operation not permitted");
    context.data = { overlay: { ...overlay, results_dir: "/lava-1" } };
    await context.use(adbOverlay, { serial: "a1" });
    expect(tools.calls()[2]?.slice(3)).toEqual(["push", "/w/overlay/lava-1", "/"]);
    tools.tool("adb", "echo 'error: device not found' >&2; exit 1");
    await expect(context.use(adbOverlay, { serial: "a1" })).rejects.toThrow("device not found");
  });
});

test("a decision leaves out the rest, a text is written where its name says, a console is closed once", async () => {
  expect(await context.use(decide, { skip: true, reason: "enough", save: { a: 1 } })).toEqual({
    data: { a: 1 },
    skip: true,
  });
  expect(await context.use(decide, { skip: false })).toEqual({});
  expect(context.log.text()).toContain("info enough");
  await expect(context.use(writeText, { name: "../x", lines: [] })).rejects.toThrow("not the name of a file");
  expect(await context.use(disconnect, {})).toBeUndefined();
  expect(context.log.text()).toContain("Already disconnected");
});

/** Docker tests and test services against a recording stand-in of docker: whole argument lists, in order; and its faults. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConsole } from "../../src/connections/console.js";
import { dockerRunArguments } from "../../src/services/docker/run-arguments.js";
import { dockerShell } from "../../src/services/docker-shell.js";
import { dockerTestEnvironment } from "../../src/services/docker-test-environment.js";
import { testService } from "../../src/services/test-service.js";
import { testServicesStop } from "../../src/services/test-services-stop.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let tools: StandIns;
let context: TestContext;
beforeEach(() => {
  tools = standIns();
  context = testContext({ env: { PATH: tools.path, SECRET: "x" } });
  context.action.level = "3.4";
  context.openConsole = (connection) => createConsole(connection, { clock: context.clock });
});
afterEach(async () => {
  await context.console?.close();
  await context.cleanup();
  tools.remove();
});

const docker = (words: string) => words.split(" ");
const overlay = () => ({
  directory: join(context.root, "overlay"),
  results_dir: "/lava-42",
  shell: "/bin/sh",
  private: [],
});
const shell = (more = {}) => ({
  docker: { image: "debian:12" },
  global_options: ["--host", null, "tcp://engine:2375"],
  options: ["--cpus", "2"],
  overlay: overlay(),
  downloads: "common",
  bind_mounts: [["/srv/a", "/a"], ["/srv/b", "/b", "rw"], "/srv/c"],
  environment: { PS1: "docker-test-shell:$ " },
  command: ["bash", "--norc", "-i"],
  ...more,
});
const RUN = (name = "lava-docker-test-shell-42-3.4") => [
  ...docker(`docker --host tcp://engine:2375 run --cpus 2 --interactive --tty --rm --init --name=${name}`),
];

describe("docker-shell", () => {
  it("pulls the image, starts the container with all its mounts, opens its console, removes it at the end", async () => {
    tools.tool("docker", 'case "$*" in *" run "*) echo ready; sleep 0.2;; esac');
    await context.use(dockerShell, shell());
    await context.console!.expect([{ source: "ready", kind: "pattern", index: 0 }], context.signal);
    await context.console!.closed;
    await context.cleanup();
    expect(tools.calls()).toEqual([
      docker("docker --host tcp://engine:2375 pull debian:12"),
      [
        ...RUN(),
        `--mount=type=bind,source=${context.root}/overlay/lava-42,destination=/lava-42`,
        `--mount=type=bind,source=${context.root}/work/downloads/common,destination=/lava-downloads`,
        "--mount=type=bind,source=/srv/a,destination=/a,readonly=true",
        "--mount=type=bind,source=/srv/b,destination=/b",
        "--mount=type=bind,source=/srv/c,destination=/srv/c,readonly=true",
        "--env=PS1=docker-test-shell:$ ",
        ...docker("debian:12 bash --norc -i"),
      ],
      docker("docker --host tcp://engine:2375 rm --force lava-docker-test-shell-42-3.4"),
    ]);
  });

  it("takes a local image, names, another container's network; logs in without the password among the arguments", async () => {
    tools.tool("docker", 'case "$*" in *login*) cat > "$HOME/password";; esac');
    const login = { registry: "registry.example", user: "me", password: "hush" };
    const given = { image: "mine", local: true, container_name: "box", network_from: "web", login };
    context.env.HOME = context.root;
    await context.use(
      dockerShell,
      shell({
        docker: given,
        global_options: [],
        options: [],
        bind_mounts: [],
        downloads: null,
        overlay: null,
        prefix: "lab-",
      }),
    );
    await context.console!.closed;
    await context.cleanup();
    expect(tools.calls()).toEqual([
      docker("docker login --username=me --password-stdin -- registry.example"),
      ["docker", "image", "inspect", "--format", "Image {{.Id}} is here", "mine"],
      [
        ...docker("docker run --interactive --tty --rm --init --name=box-lava-42 --network=container:web-lava-42"),
        "--env=PS1=docker-test-shell:$ ",
        "mine",
        "bash",
        "--norc",
        "-i",
      ],
      docker("docker rm --force box-lava-42"),
      docker("docker logout -- registry.example"),
    ]);
    expect(context.log.text()).not.toContain("hush");
  });

  it("an image that cannot be had is an InfrastructureError with docker's last words", async () => {
    tools.tool("docker", "echo 'manifest unknown' >&2; exit 1");
    await expect(context.use(dockerShell, shell())).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("manifest unknown"),
    });
  });

  it("needs the program docker, and says so before the run; images and names that are options are refused", async () => {
    expect(dockerShell.programs?.({ input: {}, device: {}, parameters: {} })).toEqual(["docker"]);
    const refused = async (more: object) =>
      (await dockerShell.validate!(shell(more), context)).map(({ message }) => message);
    expect(await refused({})).toEqual([]);
    expect(await refused({ docker: { image: "--privileged" } })).toEqual([
      expect.stringContaining("not the name of a docker image"),
    ]);
    expect(await refused({ docker: { image: "a1", container_name: "--x" } })).toEqual([
      expect.stringContaining("name of a container"),
    ]);
    expect(await refused({ bind_mounts: ["/a,readonly=false"] })).toEqual([expect.stringContaining("comma")]);
  });

  it("a hanging pull ends with the action", async () => {
    tools.tool("docker", "sleep 60");
    const pulling = context.use(dockerShell, shell());
    setTimeout(() => context.abort(new Error("over")), 200);
    await expect(pulling).rejects.toThrow("over");
  });
});

it("dockerRunArguments without extras", () => {
  expect(dockerRunArguments({ image: "debian", name: "a" })).toEqual(docker("docker run --rm --init --name=a debian"));
});

it("docker-test-environment tells how the device is reached and powered", () => {
  const connections = { uart0: { connect: "telnet a 1", tags: ["primary"] }, "uart-1": { connect: "telnet a 2" } };
  expect(
    dockerTestEnvironment({
      adb_serial_number: "0123",
      device_info: [{ board_id: "b1" }, { board_id: "b2" }],
      commands: { connections, hard_reset: ["off", "on"], power_on: "on" },
      character_delays: { boot: 5, test: 0 },
    }),
  ).toEqual({
    ANDROID_SERIAL: "0123",
    LAVA_BOARD_ID: "b1",
    LAVA_CONNECTION_COMMAND: "telnet a 1",
    LAVA_CONNECTION_COMMAND_UART0: "telnet a 1",
    LAVA_CONNECTION_COMMAND_UART_1: "telnet a 2",
    LAVA_BOOT_CHARACTER_DELAYS: "5",
    LAVA_TEST_CHARACTER_DELAYS: "0",
    LAVA_CONNECT_COMMAND: "telnet a 1",
    LAVA_HARD_RESET_COMMAND: "off && on",
    LAVA_POWER_ON_COMMAND: "on",
  });
  expect(dockerTestEnvironment({})).toEqual({});
});

async function archive(files: { [name: string]: string }): Promise<string> {
  const folder = join(context.root, "service");
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const file = join(context.root, "service.tar");
  await create({ cwd: folder, file }, ["."]);
  return file;
}
const service = (archive: string, more = {}) => ({
  name: "web",
  repository: "http://x/web.tar",
  path: "compose.yaml",
  service: "nginx",
  archive,
  environment: { A: "1", B: "two\nC=3" },
  ...more,
});
const PROJECT = "lava-42-3-4-test-service-web";
const compose = (...words: string[]) => [
  "--project-name",
  PROJECT,
  "--file",
  join(context.root, "work/test-services", PROJECT, "compose.yaml"),
  ...words,
];

describe("test services", () => {
  it("unpacks, starts and stops with docker's own compose; its environment stands in .env", async () => {
    tools.tool("docker");
    const file = await archive({ "compose.yaml": "services: {}\n", ".env": "OWN=1" });
    await context.use(testService, service(file));
    expect(readFileSync(join(context.root, "work/test-services", PROJECT, ".env"), "utf8")).toBe(
      "OWN=1\nA=1\nB=two C=3\n",
    );
    await context.use(testServicesStop, { services: [null, context.data.test_services as object as never] });
    await context.cleanup();
    expect(tools.calls()).toEqual([
      docker("docker compose version"),
      ["docker", "compose", ...compose("up", "--detach", "--", "nginx")],
      docker("docker compose version"),
      ["docker", "compose", ...compose("down")],
      // the job's end stops it again, which is no fault
      docker("docker compose version"),
      ["docker", "compose", ...compose("down")],
    ]);
  });

  it("takes docker-compose where docker has no compose", async () => {
    tools.tool("docker", "exit 1");
    tools.tool("docker-compose");
    await context.use(testService, service(await archive({ "compose.yaml": "" }), { service: null }));
    expect(tools.calls().at(-1)).toEqual(["docker-compose", ...compose("up", "--detach")]);
  });

  it("a service that does not start is the action's error; one without its file a JobError; links lead nowhere", async () => {
    tools.tool("docker", 'case "$*" in *" up "*) echo no such image >&2; exit 18;; esac');
    const file = await archive({ "compose.yaml": "" });
    await expect(context.use(testService, service(file))).rejects.toMatchObject({
      message: expect.stringContaining("no such image"),
    });
    await expect(context.use(testService, service(file, { path: "other.yaml" }))).rejects.toMatchObject({
      name: "JobError",
    });
    await expect(context.use(testService, service(file, { path: "../compose.yaml" }))).rejects.toMatchObject({
      name: "JobError",
    });
    const folder = join(context.root, "linked");
    mkdirSync(folder);
    writeFileSync(join(context.root, "victim"), "mine");
    writeFileSync(join(folder, "compose.yaml"), "");
    symlinkSync(join(context.root, "victim"), join(folder, ".env"));
    const linked = join(context.root, "linked.tar");
    await create({ cwd: folder, file: linked }, ["."]);
    await context.use(testService, service(linked)).catch(() => {});
    expect(readFileSync(join(context.root, "victim"), "utf8")).toBe("mine");
  });

  it("is refused before the run without an engine", async () => {
    const errors = await testService.validate!(service("x"), { ...context, env: { PATH: tools.folder } });
    expect(errors.map(({ message }) => message)).toEqual(["The program 'docker' cannot be found"]);
    expect(existsSync(join(context.root, "work/test-services"))).toBe(false);
  });
});

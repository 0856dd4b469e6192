/** A LAVA server with its scheduler and a worker in a Debian root, whose worker starts this project's `lava-run`. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DebianRoot, setUpRoot } from "./debian-root.mjs";
import { IMAGES, ROOT } from "./paths.mjs";

export const PACKAGES = [
  ...["lava-server", "lava-dispatcher", "lavacli", "postgresql", "tftpd-hpa", "telnet", "iproute2", "procps", "curl"],
  ...["qemu-system-arm", "qemu-system-x86", "u-boot-qemu", "ipxe-qemu", "seabios", "u-boot-tools"],
  ...["device-tree-compiler", "git", "xz-utils", "unzip", "zstd", "cpio", "ca-certificates", "python3"],
];
const TOKEN = "check".repeat(12);
const SERVER = "http://127.0.0.1:8000";
/** Where a job finds the guest images. */
export const FILES = "http://127.0.0.1:8099/images";
const PRODUCT = "/opt/lava-dispatch";
const BOARD = { port: 6020, socket: "/run/board.qmp", log: "/var/log/board.console" };
const CONFIG = "etc/lava-server/dispatcher-config";
const WORKER = "worker0";
/** Where the worker looks for what a job made, and where it keeps the job's files. */
export const DOWNLOADS = "var/lib/lava/dispatcher/tmp";

const power = (word) => `node ${PRODUCT}/scripts/board power ${word} --socket ${BOARD.socket}`;
const TEMPLATES = {
  "device-types/uboot-arm64.jinja2": `{% extends 'base-uboot.jinja2' %}
{% set console_device = 'ttyAMA0' %}
{% set base_ip_args = '' %}
{% set booti_kernel_addr = '0x40400000' %}
{% set booti_ramdisk_addr = '0x44000000' %}
{% set booti_dtb_addr = '0x43000000' %}
{% set uboot_interrupt_newline = false %}
{% set base_high_limits = false %}
{% set uboot_load_fdt = 'fdt addr \${fdtcontroladdr}; fdt move \${fdtcontroladdr} {DTB_ADDR} 0x100000' %}
`,
  "devices/qemu-1.jinja2": "{% extends 'qemu.jinja2' %}\n{% set no_kvm = true %}\n{% set memory = 256 %}\n",
  "devices/board-1.jinja2": `{% extends 'uboot-arm64.jinja2' %}
{% set connection_command = 'telnet 127.0.0.1 ${BOARD.port}' %}
{% set power_on_command = '${power("on")}' %}
{% set power_off_command = '${power("off")}' %}
{% set hard_reset_command = '${power("reset")}' %}
`,
};
const DEVICES = { "qemu-1": "qemu", "board-1": "uboot-arm64" };
const DONE = ".configured";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until something comes; throws `what` when it never does. */
export async function until(what, ask, seconds = 300) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await ask();
    if (got) return got;
    if (Date.now() > end) throw new Error(`It did not come to this: ${what}`);
    await pause(500);
  }
}

export class LavaServer {
  #root;
  #server = 0;
  #worker = 0;
  constructor(folder) {
    this.folder = folder;
    this.#root = new DebianRoot(folder);
  }

  /** Installs what is missing, starts all of it, and gives the worker its devices. */
  async start(say) {
    setUpRoot(this.folder, PACKAGES, say);
    const root = this.#root;
    this.#linkProduct();
    await root.start({ "/srv/images": IMAGES, [PRODUCT]: ROOT });
    say("database, server, scheduler, worker");
    root.run("sh", "-c", "mkdir -p /run/postgresql /srv/tftp && chown postgres: /run/postgresql");
    root.run("pg_ctlcluster", "15", "main", "start");
    await until("the database answers", () => root.attempt("pg_isready", "-q") !== undefined);
    if (!existsSync(root.path(DONE))) this.#configure();
    await this.startServer();
    root.daemon("scheduler", "lava-server", "manage", "lava-scheduler", "--level", "DEBUG", "--log-file", "-");
    root.daemon("files", "python3", "-m", "http.server", "8099", "--bind", "127.0.0.1", "--directory", "/srv");
    this.startWorker();
    root.run(
      ...["node", `${PRODUCT}/scripts/board`, "start", "--port", String(BOARD.port), "--tftp", "/srv/tftp"],
      ...["--socket", BOARD.socket, "--log", BOARD.log],
    );
    if (!existsSync(root.path(DONE))) await this.#addDevices();
  }

  /** This project and its Node, as the `lava-run` that a job's PATH finds first. */
  #linkProduct() {
    const bin = this.#root.path("usr/local/bin");
    copyFileSync(process.execPath, join(bin, "node"));
    rmSync(join(bin, "lava-run"), { force: true });
    symlinkSync(`${PRODUCT}/dist/lava-run.js`, join(bin, "lava-run"));
  }

  #configure() {
    const root = this.#root;
    root.run("python3", "/usr/share/lava-server/postinst.py");
    const manage = (...words) => root.run("lava-server", "manage", ...words);
    const account = ["--passwd", "check", "--email", "check@example.org", "check"];
    manage("users", "add", "--superuser", "--staff", ...account);
    manage("tokens", "add", "--user", "check", "--secret", TOKEN);
    for (const [name, text] of Object.entries(TEMPLATES)) writeFileSync(root.path(join(CONFIG, name)), text);
    root.run("chown", "-R", "lavaserver:", `/${CONFIG}/devices`, `/${CONFIG}/device-types`);
    for (const type of new Set(Object.values(DEVICES))) manage("device-types", "add", type);
    mkdirSync(root.path("root/.config"), { recursive: true });
    const client = { default: { uri: `${SERVER}/RPC2`, username: "check", token: TOKEN } };
    writeFileSync(root.path("root/.config/lavacli.yaml"), JSON.stringify(client));
  }

  async #addDevices() {
    const root = this.#root;
    const manage = (...words) => root.run("lava-server", "manage", ...words);
    await until("the worker is registered", () => manage("workers", "list").includes(WORKER));
    for (const [name, type] of Object.entries(DEVICES))
      manage("devices", "add", "--device-type", type, "--worker", WORKER, name);
    writeFileSync(root.path(DONE), "");
  }

  async startServer() {
    this.#server = this.#root.daemon(
      ...["server", "gunicorn3", "lava_server.wsgi", "-u", "lavaserver", "-g", "lavaserver"],
      ...["--worker-class", "eventlet", "--workers", "2", "--bind", "127.0.0.1:8000"],
    );
    const version = `${SERVER}/api/v0.2/system/version/`;
    await until("the server answers", () => this.#root.attempt("curl", "-sf", version) !== undefined);
  }
  stopServer() {
    this.#root.signal("TERM", this.#server);
  }

  startWorker() {
    this.#worker = this.#root.daemon(
      ...["worker", "lava-worker", "--level", "DEBUG", "--log-file", "-", "--url", SERVER],
      ...["--ws-url", "http://127.0.0.1:8001/ws/", "--name", WORKER, "--ping-interval", "3"],
    );
  }
  /** As a crash would: the jobs that it started go on. */
  killWorker() {
    this.#root.signal("KILL", this.#worker);
  }

  /** What the server's administrator says to the worker's dispatcher; undefined: nothing, which is where an installation begins. */
  setDispatcher(settings) {
    const folder = this.#root.path(`etc/lava-server/dispatcher.d/${WORKER}`);
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, "dispatcher.yaml"), { force: true });
    if (settings) writeFileSync(join(folder, "dispatcher.yaml"), JSON.stringify(settings));
  }

  submit(job) {
    writeFileSync(this.#root.path("srv/job.yaml"), JSON.stringify(job));
    return this.#root.run("lavacli", "jobs", "submit", "/srv/job.yaml").trim();
  }
  cancel(id) {
    this.#root.run("lavacli", "jobs", "cancel", id);
  }

  #get(path) {
    const url = path.startsWith("http") ? path : `${SERVER}/api/v0.2/jobs/${path}`;
    return this.#root.attempt("curl", "-sf", "-H", `Authorization: Token ${TOKEN}`, url);
  }
  /** What the server says of the job; undefined while it is away. */
  job(id) {
    const text = this.#get(`${id}/`);
    return text === undefined ? undefined : JSON.parse(text);
  }
  /** The log as the server keeps it. */
  log(id) {
    return this.#get(`${id}/logs/`) ?? "";
  }
  /** Suites with their cases: `{ suite: { name: result } }`. */
  results(id) {
    const every = (path) => {
      const rows = [];
      for (let next = path; next; ) {
        const page = JSON.parse(this.#get(next) ?? "{}");
        rows.push(...(page.results ?? []));
        next = page.next;
      }
      return rows;
    };
    const suites = every(`${id}/suites/`);
    const tests = every(`${id}/tests/`);
    return Object.fromEntries(
      suites.map(({ id: suite, name }) => [
        name,
        Object.fromEntries(tests.filter((test) => test.suite === suite).map((test) => [test.name, test.result])),
      ]),
    );
  }

  /** Process ids of `lava-run` of a job. */
  runs(id) {
    return (this.#root.attempt("pgrep", "-f", `^lava-run \\[job: ${id}\\]`) ?? "").split("\n").filter(Boolean);
  }
  /** Kills `lava-run` as the worker does when a job does not end: with its process group. */
  killRun(id) {
    const [pid] = this.runs(id);
    this.#root.signal("KILL", `-${pid}`);
  }
  /** What a job has left: emulators that run, folders that are there. */
  leftovers(id) {
    const emulators = (this.#root.attempt("pgrep", "-af", "^/usr/bin/qemu-system-x86_64") ?? "").split("\n");
    const folders = [DOWNLOADS, "var/lib/lava/dispatcher/worker/tmp"].map((name) => join(name, id));
    return [...emulators.filter(Boolean), ...folders.filter((name) => existsSync(this.#root.path(name)))];
  }
  /** The tail of a daemon's output, for whoever looks for a fault. */
  output(name) {
    const file = this.#root.path(`var/log/${name}.out`);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-30).join("\n") : "";
  }

  async stop() {
    this.#root.attempt("pg_ctlcluster", "15", "main", "stop", "-m", "fast");
    await this.#root.stop();
  }
}

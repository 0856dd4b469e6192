/** Logs of LAVA servers of several ages: what each of them writes differently of the same job. */
import { describe, expect, test } from "vitest";
import { alike, uncheckedAnswer } from "../../src/replay/alike.js";
import { DEVICE } from "../interpreter/virtual-board.js";
import { BOOT, folderOf, type LogEntry, lavaLog, replayed, VERDICT } from "./recordings-of-tests.js";

const FOLDER = "test/replay/lava-logs";

describe("real logs replay to their verdict", () => {
  test("a Jetson TK1 of 2020: each input twice, half a prompt, another device configuration, another test shell", async () => {
    const { status, divergence, report, notes } = await replayed(`${FOLDER}/jetson-tk1`);
    expect(divergence).toBeUndefined();
    expect(status).toBe("ended");
    expect(report.verdict.class).toBe("pass");
    expect(report.counts).toMatchObject({ pass: 8, fail: 0 });
    // Two addresses in three commands, and the options of the NFS mount.
    expect(notes).toMatchObject({ inputs: 15, otherwise: 4, dropped: 0 });
  });
  test.each([
    ["keys", "Ctrl-C and Ctrl-X stop the countdown, every letter is delayed"],
    ["letter", "a letter stops it, which is logged with the first command"],
  ])("%s: %s; the overlay comes from a folder with a random name", async (name) => {
    const { status, divergence, report, notes } = await replayed(`${FOLDER}/${name}`);
    expect(divergence).toBeUndefined();
    expect(status).toBe("ended");
    expect(report.verdict.class).toBe("pass");
    expect(report.counts.pass).toBe(1);
    expect(notes).toMatchObject({ inputs: 13, otherwise: 0, dropped: 0 });
  });
});

/**
 * The same log as an older LAVA wrote it: an input has its line end, and stands among the output as well, where it cuts
 * the board's line in two.
 * @param cut how much of the prompt had come when it was typed
 */
function sentTwice(entries: LogEntry[], cut: number): LogEntry[] {
  let typed: string | undefined;
  return entries.flatMap(([t, level, message]): LogEntry[] => {
    if (level === "input") {
      typed = String(message).trimStart();
      return [[t, level, `${typed}\n`]];
    }
    const line = String(message);
    if (level !== "target" || typed === undefined) return [[t, level, message]];
    const text = typed;
    typed = undefined;
    const prompt = line.slice(0, line.length - text.length);
    const came = prompt.slice(0, Math.max(0, prompt.length - cut));
    return [
      [t, level, came + text],
      [t, level, line.slice(came.length)],
    ];
  });
}

describe("what was typed stands in the log twice", () => {
  const small = async (entries: LogEntry[], { device = DEVICE } = {}) => {
    const files = { "logs.yaml": lavaLog([...entries, VERDICT]), "device.yaml": device };
    const result = await replayed(folderOf(files));
    expect(result.divergence).toBeUndefined();
    expect(result.report.verdict.class).toBe("pass");
    return result;
  };
  test.each([0, 1, 2, 3, 7])("the last %i characters of each prompt came after it", async (cut) => {
    const { notes } = await small(sentTwice(BOOT, cut));
    expect(notes.inputs).toBe(3);
  });
  test("the key that stopped the countdown is no input, or stands behind it among the output", async () => {
    const log = sentTwice(BOOT, 1).map(
      ([t, level, message]): LogEntry =>
        message === "Hit any key to stop autoboot:  2 " ? [t, level, `${message} \b\b\b 0 `] : [t, level, message],
    );
    expect((await small(log)).notes.inputs).toBe(3);
  });
  test("a key pressed with Ctrl is logged by its letter, before the line that asks for it", async () => {
    const at = BOOT.findIndex(([, , message]) => String(message).startsWith("Hit any key"));
    const log = sentTwice(BOOT, 1);
    log.splice(at, 1, [390, "input", "c"], [400, "target", "Hit any key to stop autoboot:  2 \x03\b\b\b 0 "]);
    const device = DEVICE.replace("interrupt-character: ' '", "interrupt-character: ' ', interrupt_ctrl_list: [c]");
    expect(device).not.toBe(DEVICE);
    expect((await small(log, { device })).notes.inputs).toBe(4);
  });
  test("a log without copies is left as it is: a shell's trace says a command again, too", async () => {
    const traced = BOOT.flatMap((entry): LogEntry[] =>
      entry[2] === "=> setenv autoload no" ? [entry, [470, "target", "+ setenv autoload no"]] : [entry],
    );
    expect((await small(traced)).notes.inputs).toBe(3);
  });
});

describe("a command is the recorded one", () => {
  test.each([
    [
      "wget http://10.0.0.1/tmp/42/compress-overlay-oy09rcc3/overlay-1.3.tar.gz",
      "wget http://10.0.0.1/tmp/overlay-1.3.tar.gz",
      "chance",
    ],
    ["tftp 0x100 42/tftp-deploy-20g4me9h/kernel/zImage", "tftp 0x100 42/tftp-deploy-replay/kernel/zImage", "chance"],
    [
      "mount -t nfs 10.0.0.1:/tmp/1/extract-nfsrootfs-lkrgi12v /x",
      "mount -t nfs 10.0.0.1:/tmp/1/extract-nfsrootfs-aa_bb_cc /x",
      "chance",
    ],
    [
      "chain http://10.0.0.1/tmp/7/tftp-deploy-abcdefgh/menu.ipxe",
      "chain http://10.0.0.1/tmp/7/tftp-deploy-replay/menu.ipxe",
      "chance",
    ],
    ["setenv a 'b=/x/fastboot-deploy-a1b2c3d4'", "setenv a 'b=/x/fastboot-deploy-zzzzzzzz'", "chance"],
    ["tftp 0x82800000 a", "tftp 0x83000000 a", "device"],
    [
      "setenv bootargs 'nfsroot=10.0.0.1:/t/extract-nfsrootfs-lkrgi12v,tcp,hard,intr,vers=3 ip=dhcp'",
      "setenv bootargs 'nfsroot=10.0.0.1:/t/extract-nfsrootfs-replay,tcp,hard,vers=3 ip=dhcp'",
      "device",
    ],
    [". /lava-7/environment", '. /lava-7/environment ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"', "chance"],
  ] as const)("%s: %s, %s", (recorded, typed, how) => {
    expect(alike(`${recorded}\n`, `${typed}\n`)).toBe(how);
  });
  test.each([
    ["setenv autoload no", "setenv autoload yes"],
    ["booti 0x1 0x2 0x3", "booti 0x1 0x2 0x4"],
    ["tftp 0x82800000 a", "tftp 0x82800000"],
    ["tftp 0x82800000 a", "load 0x82800000 a"],
    ["wget http://10.0.0.1/a/x-abcdefgh/f", "wget http://10.0.0.2/a/x-abcdefgh/f"],
    ["wget http://10.0.0.1/a/x-abcdefgh/f", "wget http://10.0.0.1/a/x-abcdefgh/g"],
    ["cat compress-overlay-oy09rcc3", "cat tftp-deploy-oy09rcc3"],
    ["setenv bootargs nfsroot=1.1.1.1:/a,tcp", "setenv bootargs nfsroot=1.1.1.2:/a,tcp"],
    ['ls ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"', "ls"],
  ])("but not %s: %s", (recorded, typed) => {
    expect(alike(`${recorded}\n`, `${typed}\n`)).toBeUndefined();
  });
  test("a check that the recorded LAVA did not make is answered: it went on", () => {
    const checked = 'ls ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"';
    expect(uncheckedAnswer("ls", checked)).toBe("<LAVA_SIGNAL_RETRUNCODE 0>\r\n");
    expect(uncheckedAnswer(checked, checked)).toBeUndefined();
    expect(uncheckedAnswer("ls", "ls")).toBeUndefined();
  });
});

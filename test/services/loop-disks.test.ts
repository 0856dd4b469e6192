/** Disks of boards, with real file systems: what a debugger and an MPS board's controller get, and how they answer. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { copyFiles } from "../../src/services/copy-files.js";
import { copyToDisk } from "../../src/services/copy-to-disk.js";
import { mountDevice } from "../../src/services/mount-device.js";
import { unmountDevice } from "../../src/services/unmount-device.js";
import { writeFile } from "../../src/services/write-file.js";
import { type LoopDisk, loopDisk, noLoopDisks } from "../support/loop-disk.js";
import { type TestContext, testContext } from "./service-context.js";

const why = noLoopDisks();
if (why) console.warn(`loop-disks: skipped: ${why}`);

describe.skipIf(why !== undefined)("a disk that a board shows", () => {
  let context: TestContext;
  let disk: LoopDisk;
  let image: string;
  beforeEach(() => {
    context = testContext();
    context.action.commandError = "InfrastructureError";
    disk = loopDisk(context.root, "by-id", `lava-dispatch-test-${process.pid}`);
    image = join(context.root, "zephyr.hex");
    writeFileSync(image, ":00000001FF\n");
  });
  afterEach(async () => {
    disk.remove();
    await context.cleanup();
  });
  const input = (more = {}) => ({
    ...{ device: disk.link, type: "vfat", files: [image], details: "DETAILS.TXT", anew: true, failure: "FAIL.TXT" },
    ...more,
  });
  /** Resolves when the log has the text. */
  const said = async (text: string) => {
    while (!context.log.text().includes(text)) await new Promise((next) => setTimeout(next, 20));
  };

  test("takes the images, tells of itself, and is awaited until it comes anew", async () => {
    disk.look((directory) => writeFileSync(join(directory, "DETAILS.TXT"), "Git SHA: 1234\r\nUSB Interfaces: MSD\r\n"));
    let done = false;
    const flash = context.use(copyToDisk, input()).then(() => (done = true));
    await said("to go away and come again");
    expect(done).toBe(false);
    expect(disk.look((directory) => readdirSync(directory))).toContain("zephyr.hex");
    await disk.replug();
    await flash;
    expect(context.log.text()).toContain("On the disk: DETAILS.TXT, lost+found");
    expect(context.log.text()).toContain("- Git SHA: 1234\n");
  });

  test("whose debugger tells what went wrong fails the boot as the lab's fault", async () => {
    const flash = context.use(copyToDisk, input());
    const failed = expect(flash).rejects.toMatchObject({
      name: "InfrastructureError",
      message: "The device tells in FAIL.TXT that it failed: The hex file cannot be decoded",
    });
    await said("to go away and come again");
    await disk.replug((directory) => writeFileSync(join(directory, "FAIL.TXT"), "The hex file cannot be decoded\r\n"));
    await failed;
  });

  test("that was quicker than the first look is known by its contents", async () => {
    const flash = context.use(copyToDisk, input());
    await said("to go away and come again");
    disk.look((directory) => rmSync(join(directory, "zephyr.hex")));
    await flash;
    expect(context.log.text()).toContain("does not have the files any more");
  });

  test("that stays is not awaited, where the device says so; one that is awaited ends with the action", async () => {
    await context.use(copyToDisk, input({ anew: false }));
    expect(disk.look((directory) => readFileSync(join(directory, "zephyr.hex"), "utf8"))).toBe(":00000001FF\n");
    const flash = context.use(copyToDisk, input());
    const ended = expect(flash).rejects.toThrow("time is over");
    await said("to go away and come again");
    context.abort(new Error("time is over"));
    await ended;
  });

  test("of an MPS board has firmware and binaries at their places, and then the word that reboots it", async () => {
    await context.use(mountDevice, { device: disk.link });
    const { directory } = context.data.mount as { directory: string };
    await context.use(copyFiles, { from: image, into: directory, name: "SOFTWARE/mbed.hex" });
    await context.use(copyFiles, { from: image, into: directory, name: "" });
    await context.use(writeFile, { directory, name: "reboot.txt", text: "hsyxhj" });
    await context.use(unmountDevice, {});
    expect(existsSync(directory)).toBe(false);
    disk.look((root) => {
      expect(readdirSync(root).sort()).toEqual(["SOFTWARE", "lost+found", "reboot.txt", "zephyr.hex"]);
      expect(readdirSync(join(root, "SOFTWARE"))).toEqual(["mbed.hex"]);
    });
  });
});

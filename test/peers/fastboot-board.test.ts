/** Deploy and boot with fastboot: Debian's client, and U-Boot's fastboot over UDP in an emulated board. */
import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { power } from "../../scripts/lib/board.mjs";
import { describeWithPeers, peerFolder } from "../support/peer.js";
import { arm64Machine, type PeerBoard, startPeerBoard } from "../support/peer-board.js";
import { freePort, makeWorkspace, removeWorkspace } from "../support/workspace.js";

describeWithPeers("U-Boot's fastboot", ["fastboot-board"], () => {
  const folder = makeWorkspace();
  let board: PeerBoard;
  let serial: string;

  beforeAll(async () => {
    const disk = join(folder, "mmc.img");
    writeFileSync(disk, "");
    truncateSync(disk, 64 * 2 ** 20);
    execFileSync("/usr/sbin/sfdisk", ["-q", disk], {
      // fastboot leaves its word for the next start in the partition misc
      input: "label: gpt\nstart=2048, size=32768, name=boot\nsize=32768, name=rootfs\nsize=2048, name=misc\n",
    });
    const port = await freePort();
    serial = `udp:127.0.0.1:${port}`;
    board = await startPeerBoard(folder, "fastboot", {
      machine: arm64Machine(join(peerFolder("fastboot-board"), "u-boot-auto.bin")),
      network: `hostfwd=udp:127.0.0.1:${port}-:5554`,
      words: [
        "-device",
        "sdhci-pci",
        "-device",
        "sd-card,drive=mmc",
        "-drive",
        `if=none,id=mmc,file=${disk},format=raw`,
      ],
    });
  });
  afterAll(async () => {
    await board?.destroy();
    removeWorkspace(folder);
  });

  test("the board's fastboot answers Debian's client", async () => {
    await power(board.socket, "on");
    const said = execFileSync("sh", ["-c", 'fastboot -s "$0" getvar version 2>&1', serial], { encoding: "utf8" });
    expect(said).toContain("version: 0.4");
  });
});

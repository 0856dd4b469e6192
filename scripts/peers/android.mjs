/** The system of an Android-like board: adbd of Debian 13, with busybox as its shell. Its bootloader is fastboot-board. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { unpackDebian13 } from "./lib/debian13.mjs";

export default {
  summary: "an Android-like board: Debian 13's adbd in a root of its own: 8 MB to download, 10 s",
  needs: ["fastboot-board"],
  build(out, { work }) {
    const tree = join(out, "tree");
    unpackDebian13(tree, ["adbd", "busybox-static"], work);
    mkdirSync(join(tree, "data/local/tmp"), { recursive: true });
    mkdirSync(join(tree, "system"));
    const busybox = join(tree, "usr/bin/busybox");
    for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).split("\n").filter(Boolean))
      if (!existsSync(join(tree, "usr/bin", name))) symlinkSync("busybox", join(tree, "usr/bin", name));
    symlinkSync("/usr/bin", join(tree, "system/bin"));
  },
};

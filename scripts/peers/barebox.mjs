/** barebox for QEMU's arm64 machine: its multi_v8 configuration without the boards of that. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export default {
  summary: "barebox for QEMU's arm64 machine, from GitHub's source: 3 to 9 minutes",
  sources: { barebox: "barebox/barebox@v2026.06.1" },
  async build(out, { sources, run }) {
    const cwd = sources.barebox;
    const env = { ...process.env, ARCH: "arm", CROSS_COMPILE: "aarch64-linux-gnu-" };
    const make = (...words) => run("make", ["-s", ...words], { cwd, env });
    const boards = /CONFIG_(ARCH_(BCM283X|IMX|K3|SUNXI|ROCKCHIP|ZYNQMP|LAYERSCAPE)|MACH_)/;
    const lines = readFileSync(join(cwd, "arch/arm/configs/multi_v8_defconfig"), "utf8").split("\n");
    const own = lines.filter((line) => !boards.test(line)).join("\n");
    writeFileSync(join(cwd, "arch/arm/configs/virt_only_defconfig"), own);
    await make("virt_only_defconfig");
    await make(`-j${availableParallelism()}`, "images");
    copyFileSync(join(cwd, "images/barebox-dt-2nd.img"), join(out, "barebox-dt-2nd.img"));
  },
};

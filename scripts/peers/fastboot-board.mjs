/** U-Boot in QEMU (arm64) with fastboot over UDP: Debian's source package, built with what its own build leaves out. */
import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AptFetcher, debianSource } from "../lib/apt.mjs";

/** The version that Debian's own u-boot-qemu has. */
const RELEASE = "bookworm";
const FASTBOOT = `CONFIG_UDP_FUNCTION_FASTBOOT=y
CONFIG_CMD_FASTBOOT=y
CONFIG_FASTBOOT_BUF_ADDR=0x48000000
CONFIG_FASTBOOT_BUF_SIZE=0x8000000
CONFIG_FASTBOOT_FLASH=y
CONFIG_FASTBOOT_FLASH_MMC=y
CONFIG_FASTBOOT_FLASH_MMC_DEV=0
CONFIG_MMC=y
CONFIG_MMC_PCI=y
CONFIG_MMC_SDHCI=y
# CONFIG_MMC_SDHCI_SDMA is not set
CONFIG_CMD_MMC=y
CONFIG_CMD_BCB=y
CONFIG_CMD_PART=y
CONFIG_ANDROID_BOOT_IMAGE=y
CONFIG_EFI_PARTITION=y
CONFIG_ENV_IS_NOWHERE=y
# CONFIG_ENV_IS_IN_FLASH is not set
CONFIG_TOOLS_LIBCRYPTO=y
`;
/** A board that goes into fastboot by itself, as one without a serial console does. */
const BY_ITSELF = `CONFIG_USE_BOOTCOMMAND=y
CONFIG_BOOTDELAY=1
CONFIG_BOOTCOMMAND="setenv autoload no; dhcp; setenv fastboot_bootcmd 'bootm 48000000 48000000 \${fdtcontroladdr}'; fastboot udp"
`;

export default {
  summary: "U-Boot with fastboot over UDP, from Debian's source package: 16 MB to download, 1 to 3 minutes",
  async build(out, { work, run, say }) {
    const architecture = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
    const apt = new AptFetcher(work, architecture, debianSource("deb-src", RELEASE));
    apt.update();
    apt.downloadSource(work, "u-boot");
    const archive = (end) => readdirSync(work).find((name) => name.startsWith("u-boot_") && name.includes(end));
    await run("tar", ["-xf", archive(".orig.tar")], { cwd: work });
    const source = join(
      work,
      readdirSync(work).find((name) => name.startsWith("u-boot-")),
    );
    await run("tar", ["-xf", join(work, archive(".debian.tar"))], { cwd: source });
    const patches = join(source, "debian/patches");
    for (const name of readFileSync(join(patches, "series"), "utf8").split("\n"))
      if (name && !name.startsWith("#")) await run("patch", ["-p1", "-s", "-i", join(patches, name)], { cwd: source });
    const env = { ...process.env, ARCH: "arm", CROSS_COMPILE: "aarch64-linux-gnu-" };
    const make = (...words) => run("make", ["-s", ...words], { cwd: source, env });
    const build = async (name) => {
      await run("scripts/kconfig/merge_config.sh", ["-m", ".config", "fragment"], { cwd: source, env });
      await make("olddefconfig");
      await make(`-j${availableParallelism()}`, "u-boot.bin");
      copyFileSync(join(source, "u-boot.bin"), join(out, name));
      say(name);
    };
    await make("qemu_arm64_defconfig");
    writeFileSync(join(source, "fragment"), FASTBOOT);
    await build("u-boot.bin");
    appendFileSync(join(source, "fragment"), BY_ITSELF);
    await build("u-boot-auto.bin");
  },
};

import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectGolden, shown } from "./golden-problems.js";
import { loadJob } from "./published-schemas.js";

const HEAD = "job_name: x\ndevice_type: board\nvisibility: public\ntimeouts: {job: {minutes: 5}}\nactions:\n";
const jobOf = (block: string): string => `${HEAD}- deploy:\n    ${block.trim().replaceAll("\n", "\n    ")}\n`;

/** A block of each method with all of its keys: accepted, strictly. */
const GOOD: { [name: string]: string } = {
  nfs: `to: nfs
nfsrootfs: {url: a, compression: gz, install_modules: true, install_overlay: false, prefix: jessie/}
modules: {url: a}`,
  "nfs-of-an-emulator": `to: nfs
images:
  nfsrootfs: {url: a, image_arg: "nfsroot={NFS_SERVER_IP}:{nfsrootfs}"}
  kernel: {url: a, image_arg: "-kernel {kernel}"}`,
  nbd: "to: nbd\nkernel: {url: a, type: zimage}\ninitrd: {url: a}\nnbdroot: {url: a, compression: xz}\ndtb: {url: a}",
  "iso-installer": `to: iso-installer
images: {iso: {url: a, image_arg: "-cdrom {iso}"}, preseed: {url: a}}
iso: {installation_size: 800M, kernel: /install.amd/vmlinuz, initrd: /install.amd/initrd.gz}`,
  sd: `to: sd
device: card
image: {url: a, root_partition: 1}
download: {tool: /usr/bin/wget, options: "-O - {DOWNLOAD_URL}", prompt: awaiting}
tool: {prompts: ["[0-9]+ records out"], flags: conv=fsync}
uniquify: true`,
  usb: `to: usb
device: stick
images: {image: {url: a, apply-overlay: true, root_partition: 0}, bmap: {url: a}}
uniquify: false
writer: {tool: /usr/bin/bmaptool, options: "copy {DOWNLOAD_URL} {DEVICE}", prompt: "bmaptool: info"}`,
  sata: "to: sata\ndevice: disk\nimage: {url: a}",
  ssh: "to: ssh\nos: debian\nfirmware: {url: a}\nkernel: {url: a}\nrootfs: {url: a}\nmodules: {url: a}",
  fastboot: `to: fastboot
images:
  boot: {url: a, reboot: hard-reset, sparse: false}
  system: {url: a, apply-overlay: true, root_partition: 0, reboot: fastboot-reboot-fastboot}
docker: {image: "lab/fastboot:1", local: true, container_name: x, network_from: y, login: {registry: r, user: u, password: p}}`,
  flasher: "to: flasher\nimages: {kernel: {url: a}, direct: {url: a, download: false}}\nuniquify: false",
  vemsd: "to: vemsd\nrecovery_image: {url: a, compression: zip}",
  mps: "to: mps\nimages: {recovery_image: {url: a}, test_binary: {url: a, rename: mbed.elf}, test_binary_2: {url: a}}",
  musca: "to: musca\nimages: {test_binary: {url: a}}",
  uuu: "to: uuu\nimages: {boot: {url: a}, root.wic: {url: a, apply-overlay: true, root_partition: 1}}\nuniquify: true",
  download: "to: download\nimages: {any: {url: a}}",
  downloads: `to: downloads
uniquify: true
images: {rootfs: {url: a}}
postprocess: {docker: {image: debian, steps: [ls], devices: [/dev/kvm]}}`,
  overlay: "to: overlay",
  docker: "to: docker\nimage: debian:stable\nrepeat: 2",
  "docker-with-options": "to: docker\nimage: {name: debian, local: true, login: {registry: r, user: u, password: p}}",
  recovery: "to: recovery\nimages: {mlo: {url: a}}",
  qdl: "to: qdl\nqcomflash: {url: a, archive: tar, apply-overlay: true}\nrootfs_image: ''\nuniquify: true",
  avh: `to: avh
options: {model: m, api_endpoint: e, project_name: p}
images: {rootfs: {url: a, format: ext4, root_partition: 1, type: image}}`,
  "avh-package": "to: avh\nfw_package: {url: a, storage_file: nand, root_partition: 1}",
  fvp: `to: fvp
uniquify: false
images: {bl1: {url: a}, rootfs: {url: a, format: ext4, partition: 1, overlays: {lava: true}}}
ramdisk: {install_overlay: true, compression: gz, header: u-boot}`,
  "u-boot-ums": "to: u-boot-ums\nimage: {url: a, root_partition: 1}",
  "usbg-ms": "to: usbg-ms\nimage: {url: a, compression: xz}",
};

/** What each method refuses: a missing key, a wrong type, a wrong combination. */
const BAD: { [name: string]: string } = {
  "nfs-root-without-url": "to: nfs\nnfsrootfs: {compression: gz}",
  "nfs-prefix-is-a-number": "to: nfs\nnfsrootfs: {url: a, prefix: 5}",
  "nfs-without-images": "to: nfs\nimages: {}",
  "nbd-without-root": "to: nbd\nkernel: {url: a}\ninitrd: {url: a}",
  "nbd-unknown-type-of-kernel": "to: nbd\nkernel: {url: a, type: zImage}\ninitrd: {url: a}\nnbdroot: {url: a}",
  "iso-without-preseed": "to: iso-installer\nimages: {iso: {url: a}}\niso: {installation_size: 2G}",
  "iso-too-big": "to: iso-installer\nimages: {iso: {url: a}, preseed: {url: a}}\niso: {installation_size: 9G}",
  "iso-size-is-a-number":
    "to: iso-installer\nimages: {iso: {url: a}, preseed: {url: a}}\niso: {installation_size: 2000}",
  "iso-kernel-leaves":
    "to: iso-installer\nimages: {iso: {url: a}, preseed: {url: a}}\niso: {installation_size: 2G, kernel: /a/../b}",
  "sd-without-device": "to: sd\nimage: {url: a}",
  "usb-image-twice": "to: usb\ndevice: stick\nimage: {url: a}\nimages: {image: {url: a}}",
  "sata-images-without-image": "to: sata\ndevice: disk\nimages: {bmap: {url: a}}",
  "usb-relative-tool":
    'to: usb\ndevice: stick\nimage: {url: a}\nwriter: {tool: bmaptool, options: "copy {DOWNLOAD_URL}", prompt: info}',
  "usb-download-without-prompt": "to: usb\ndevice: stick\nimage: {url: a}\ndownload: {tool: /bin/wget, options: x}",
  "ssh-kernel-is-a-text": "to: ssh\nkernel: https://example.org/kernel",
  "fastboot-without-images": "to: fastboot",
  "fastboot-unknown-reboot": "to: fastboot\nimages: {boot: {url: a, reboot: soft}}",
  "fastboot-docker-without-image": "to: fastboot\nimages: {boot: {url: a}}\ndocker: {local: true}",
  "fastboot-negative-partition": "to: fastboot\nimages: {boot: {url: a, root_partition: -1}}",
  "flasher-without-images": "to: flasher",
  "flasher-download-is-a-text": 'to: flasher\nimages: {kernel: {url: a, download: "no"}}',
  "vemsd-without-image": "to: vemsd",
  "vemsd-unknown-compression": "to: vemsd\nrecovery_image: {url: a, compression: rar}",
  "mps-without-images": "to: mps\nimages: {}",
  "mps-rename-leaves": "to: mps\nimages: {test_binary: {url: a, rename: ../a}}",
  "musca-without-binary": "to: musca\nimages: {}",
  "musca-binary-without-url": "to: musca\nimages: {test_binary: {compression: gz}}",
  "uuu-without-boot": "to: uuu\nimages: {rootfs: {url: a}}",
  "uuu-overlay-is-a-text": 'to: uuu\nimages: {boot: {url: a, apply-overlay: "yes"}}',
  "download-without-images": "to: download",
  "download-archive-of-zip": "to: download\nimages: {a: {url: a, archive: zip}}",
  "downloads-without-images": "to: downloads\npostprocess: {docker: {image: debian, steps: [ls]}}",
  "downloads-without-steps": "to: downloads\nimages: {a: {url: a}}\npostprocess: {docker: {image: debian}}",
  "overlay-with-wrong-os": "to: overlay\nos: [debian]",
  "docker-without-image": "to: docker",
  "docker-bad-name": "to: docker\nimage: Debian Stable",
  "docker-map-without-name": "to: docker\nimage: {local: true}",
  "recovery-without-images": "to: recovery",
  "recovery-images-is-a-list": "to: recovery\nimages: [{url: a}]",
  "qdl-without-folder": "to: qdl",
  "qdl-rootfs-image-is-a-list": "to: qdl\nqcomflash: {url: a}\nrootfs_image: [a]",
  "avh-with-nothing": "to: avh",
  "avh-format-of-tar": "to: avh\nimages: {rootfs: {url: a, format: tar}}",
  "fvp-without-images": "to: fvp",
  "fvp-ramdisk-header": "to: fvp\nimages: {a: {url: a}}\nramdisk: {header: raw}",
  "u-boot-ums-without-image": "to: u-boot-ums",
  "u-boot-ums-partition-is-a-text": 'to: u-boot-ums\nimage: {url: a, root_partition: "1"}',
  "usbg-ms-without-image": "to: usbg-ms",
  "usbg-ms-image-is-a-list": "to: usbg-ms\nimage: [a]",
};

describe("deploy methods", () => {
  it.each(Object.entries(GOOD))("%s: every key is accepted, strictly", (_, block) => {
    expect(shown(loadJob(jobOf(block), "job.yaml", { strict: true }).problems)).toBe("");
  });

  it.each(Object.entries(GOOD))("%s: a key that it does not know is refused when strict", (_, block) => {
    const of = (strict: boolean) => loadJob(jobOf(`${block}\nwith_sugar: true`), "job.yaml", { strict }).problems;
    expect(of(true)).toMatchObject([{ severity: "error" }]);
    expect(of(false)).toMatchObject([{ severity: "warning" }]);
  });

  it.each(Object.entries(BAD))("%s is refused when strict, and told always", (name, block) => {
    const { problems } = loadJob(jobOf(block), "job.yaml", { strict: false });
    const strict = loadJob(jobOf(block), "job.yaml", { strict: true }).problems;
    expect(problems).not.toEqual([]);
    expect(strict.filter(({ severity }) => severity === "error")).not.toEqual([]);
    expectGolden(`definition/deploy/${name}.txt`, shown(problems));
  });

  it("nfs has two forms: what belongs to the other is an unknown key", () => {
    const block = "to: nfs\nnfsrootfs: {url: a}\nmodules: {url: a}\nimages: {kernel: {url: a}}";
    const of = (strict: boolean) => loadJob(jobOf(block), "job.yaml", { strict }).problems;
    expect(of(true).map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: "nfsrootfs" is not a key of deploy to nfs with images',
      'error: "modules" is not a key of deploy to nfs with images',
    ]);
    expect(of(false).map(({ severity }) => severity)).toEqual(["warning", "warning"]);
  });

  it("every method has a good and a bad block; every golden file belongs to a case", () => {
    const methods = readdirSync(new URL("../../src/definition/schemas/deploy/", import.meta.url))
      .map((file) => file.replace(".yaml", ""))
      .filter((method) => method !== "tftp" && method !== "tmpfs");
    const of = (blocks: { [name: string]: string }) =>
      new Set(Object.values(blocks).map((block) => /^to: (\S+)/.exec(block)?.[1]));
    expect(methods.filter((method) => !of(GOOD).has(method) || !of(BAD).has(method))).toEqual([]);
    const files = readdirSync(new URL("../golden/definition/deploy/", import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(BAD)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});

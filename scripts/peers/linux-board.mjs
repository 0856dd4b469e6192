export default {
  summary: "U-Boot of Debian's u-boot-qemu with disks: its numbered menu, and a disk that is the worker's as well",
};

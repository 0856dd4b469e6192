#!/bin/sh
# android-board.sh PEERS FOLDER COMMAND...
# Runs COMMAND beside an Android-like board, in a network of their own: fastboot -s udp:127.0.0.1:5554 is its bootloader (U-Boot in
# QEMU), adb -s 127.0.0.1:5555 its system. It is switched on in its bootloader; `fastboot reboot` leads to the system, and
# what ends adbd back. PEERS: where fastboot-board and android were built (.cache/peers). FOLDER: for its disk and its logs. As root.
set -e
peers=$(cd "$1" && pwd) folder=$(cd "$2" && pwd)
shift 2
export peers folder cwd="$PWD"
exec unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private sh -ec '
  ip link set lo up
  export HOME="$folder/home"
  mkdir -p "$HOME"
  tree=$peers/android/tree
  mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
  mkdir "$tree/dev/pts"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
  ln -s pts/ptmx "$tree/dev/ptmx"
  for name in null zero random urandom tty; do
    touch "$tree/dev/$name"
    mount --bind "/dev/$name" "$tree/dev/$name"
  done
  mount -t proc proc "$tree/proc"
  mount -t tmpfs -o mode=1777 tmpfs "$tree/data/local/tmp"
  mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
  disk=$folder/mmc.img
  truncate -s 64M "$disk"
  printf "label: gpt\nstart=1MiB, size=16MiB, name=boot\nsize=16MiB, name=rootfs\nsize=1MiB, name=misc\n" | /usr/sbin/sfdisk -q "$disk"
  while :; do
    qemu-system-aarch64 -M virt -cpu cortex-a53 -m 512 -bios "$peers/fastboot-board/u-boot-auto.bin" -accel tcg -nodefaults \
      -display none -no-reboot -serial "file:$folder/bootloader.log" \
      -netdev user,id=n,hostfwd=udp:127.0.0.1:5554-:5554 -device virtio-net-pci,netdev=n \
      -device sdhci-pci -device sd-card,drive=mmc -drive "if=none,id=mmc,file=$disk,format=raw"
    chroot "$tree" /usr/bin/busybox env -i PATH=/usr/bin:/usr/sbin HOME=/ ADBD_PORT=5555 /usr/sbin/adbd &
    system=$!
    # What is connected stands in the list of adb; a board on USB would be there by itself.
    until adb connect 127.0.0.1:5555 | grep -q "^connected"; do sleep 0.2; done
    wait $system || true
  done >"$folder/board.log" 2>&1 &
  cd "$cwd"
  set +e
  "$@"
  code=$?
  adb kill-server 2>/dev/null
  exit $code' sh "$@"

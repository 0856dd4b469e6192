/** A boot log for measurements: lines of a kernel, some of init and U-Boot, as many as asked for; always the same. */
const SUBJECTS = ["usb 1-1", "mmc0", "eth0", "pci 0000:00:02.0", "random", "ext4", "clk", "i2c-3", "rcu", "systemd[1]"];
const MESSAGES = [
  "new high-speed device number 7 using xhci_hcd",
  "registered as rtc0, setting system clock to 2026-01-01T00:00:00 UTC",
  "assigned [mem 0x10040000-0x10040fff 64bit pref]",
  "link becomes ready (100 Mbps, full duplex), flow control rx/tx",
  "crng init done",
  "hash table entries: 65536 (order: 6, 262144 bytes, linear)",
  "mounted filesystem with ordered data mode. Quota mode: none.",
  "Disabling unused clocks",
];

export function bootLog(bytes: number): Buffer {
  const lines: string[] = [];
  let size = 0;
  for (let number = 0; size < bytes; number += 1) {
    const subject = SUBJECTS[number % SUBJECTS.length];
    const message = MESSAGES[(number * 7) % MESSAGES.length];
    const time = (number / 4321).toFixed(6).padStart(12);
    const line =
      number % 23 === 0
        ? `[\x1b[0;32m  OK  \x1b[0m] Started Service number ${number} <of ${subject}>.\r\n`
        : number % 61 === 0
          ? "\t #################################################################\r\n"
          : `[${time}] ${subject}: ${message}\r\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join("").slice(0, bytes), "latin1");
}

/** What is watched in LAVA while a board boots: kernel messages, the login and its failures. */
export const PATTERNS = [
  "-\\[ cut here \\]",
  "Unhandled fault",
  "BUG: KCSAN:",
  "BUG: KASAN:",
  "Oops(?: -|:)",
  "WARNING:",
  "(kernel BUG at|BUG:)",
  "invalid opcode:",
  "Kernel panic - not syncing",
  "U-Boot SPL 20[0-9][0-9]",
  "root@board:/root#",
  "Login incorrect",
];

/** pyocd of Debian 13, in a root of its own: it takes an argument list as far as it goes without a probe. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackDebian13 } from "./lib/debian13.mjs";

export default {
  summary: "pyocd 0.36 of Debian 13, without a probe: 33 MB to download, 20 s",
  build(out, { work }) {
    const tree = join(out, "tree");
    unpackDebian13(tree, ["python3-pyocd"], work);
    // In a name space of its own it sees the files of a job below /tmp.
    const run = `mount --bind /tmp "$tree/tmp" && exec chroot "$tree" /usr/bin/python3 /usr/bin/pyocd "$@"`;
    const lines = [
      "#!/bin/sh",
      'tree=$(dirname "$(readlink -f "$0")")/tree',
      "export tree",
      `exec unshare --mount --propagation private sh -c '${run}' sh "$@"`,
    ];
    writeFileSync(join(out, "pyocd"), `${lines.join("\n")}\n`);
    chmodSync(join(out, "pyocd"), 0o755);
  },
};

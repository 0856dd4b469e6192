/** qdl of today: Debian 12's knows neither `--serial` nor `--version`. With --dry-run it needs no board. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export default {
  summary: "qdl 2.8-rc1 from GitHub's source: 15 s",
  sources: { qdl: "linux-msm/qdl@v2.8-rc1" },
  async build(out, { sources, run }) {
    const cwd = sources.qdl;
    // Debian 12's meson is 1.0, and knows options by their older file.
    const file = join(cwd, "meson.build");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/(meson_version: *'>=) *1\.1\.0/, (_, before) => `${before}1.0.0`),
    );
    copyFileSync(join(cwd, "meson.options"), join(cwd, "meson_options.txt"));
    await run("meson", ["setup", "build", "-DVERSION=v2.8"], { cwd });
    await run("ninja", ["-C", "build", "qdl"], { cwd });
    copyFileSync(join(cwd, "build/qdl"), join(out, "qdl"));
  },
};

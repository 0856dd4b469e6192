import { readFileSync } from "node:fs";

/**
 * For esbuild: sources that load a file in the middle of their work make a `require` of their own; in a bundle it is the
 * one that the bundler knows, so that it finds the file.
 */
export const plainRequire = {
  name: "plain-require",
  setup({ onLoad }) {
    const load =
      (loader, change) =>
      ({ path }) => ({ contents: change(readFileSync(path, "utf8")), loader });
    onLoad(
      { filter: /\/src\/.*\.ts$/ },
      load("ts", (text) => text.replace(/createRequire\(import\.meta\.url\)\(("[^"]+")\)/g, "require($1)")),
    );
    onLoad(
      { filter: /\/generated\/validate-[\w-]+\.js$/ },
      load("js", (text) => text.replace(/^import \{ createRequire \}.*\nconst require = .*$/m, "")),
    );
  },
};

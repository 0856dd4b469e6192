/** Builds the page: one script, one style sheet, and the layout worker beside them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** elkjs' worker is a script of its own kind: it is handed out as it is. */
const elkWorker = (): Plugin => ({
  name: "elk-worker",
  generateBundle() {
    const file = createRequire(import.meta.url).resolve("elkjs/lib/elk-worker.min.js");
    this.emitFile({ type: "asset", fileName: "elk-worker.js", source: readFileSync(file) });
  },
});

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [react(), elkWorker()],
  logLevel: "warn",
  build: {
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "visualizer.js",
        assetFileNames: "visualizer[extname]",
      },
    },
  },
});

import { defineConfig } from "vite";
import { buildOptions } from "../vite.config.js";

export default defineConfig({
  base: "./",
  build: { ...buildOptions, outDir: "../dist/docs", emptyOutDir: true, chunkSizeWarningLimit: 2000 },
});

import { defineConfig, type BuildOptions } from "vite";

// A server to develop against: `make serve` has this address.
const SERVER = "http://127.0.0.1:8080";
const PATHS = ["/activity_session.v1.", "/console.json"];

export const buildOptions: BuildOptions = {
  target: "es2022",
  // The content security policy allows neither inline scripts nor inline styles.
  modulePreload: { polyfill: false },
  assetsInlineLimit: 0,
  // Of all packages that are bundled: whoever gets the files gets their licences too.
  license: { fileName: "licenses.txt" },
  // How long a plugin takes is news to nobody who only wants the console.
  rolldownOptions: { checks: { pluginTimings: false } },
};

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: buildOptions,
  server: { host: "127.0.0.1", proxy: Object.fromEntries(PATHS.map((path) => [path, SERVER])) },
});

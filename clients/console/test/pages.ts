/** The built pages, at an address that passes calls on to a server. To be deleted once servers have them. */

import { after } from "node:test";
import { resolve } from "node:path";
import { preview } from "vite";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'";

/** Returns the address of the pages for a server. */
export async function pagesOf(httpAddress: string): Promise<string> {
  const target = `http://${httpAddress}`;
  const pages = await preview({
    root: resolve(import.meta.dirname, "../.."),
    logLevel: "silent",
    preview: {
      host: "127.0.0.1",
      port: 0,
      headers: { "Content-Security-Policy": POLICY },
      proxy: { "/activity_session.v1.": { target, changeOrigin: true }, "/console.json": { target, changeOrigin: true } },
    },
  });
  after(() => pages.close());
  return pages.resolvedUrls!.local[0]!.replace(/\/$/, "");
}

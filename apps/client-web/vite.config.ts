/** Two entries that share no page code: `join.html` for data holders, `app.html` for operators. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import type { Plugin } from "vite";
import { slimTensorflow } from "./src/training/slim-tensorflow.ts";

/** Where `fedtune serve` listens unless it is told otherwise. */
const api = process.env["FEDTUNE_URL"] ?? "http://127.0.0.1:8470";

/** The rewrites that the coordinator does too; see apps/server/src/http/pages.ts. */
const entryOf = (path: string): string => (/^\/join(\/|$)/.test(path) ? "/join.html" : "/app.html");

/** The one file of the typeface that every page needs at once; the browser would learn of it from a style sheet only. */
const firstFont = /ibm-plex-sans-latin-wght-normal-[\w-]+\.woff2$/;

/** Lets browsers fetch the typeface beside the style sheets, without cookies as those do. */
const preloadFont: Plugin = {
  name: "preload-font",
  transformIndexHtml: {
    order: "post",
    handler: (_html, { bundle = {} }) =>
      Object.keys(bundle)
        .filter((name) => firstFont.test(name))
        .map((name) => ({
          tag: "link",
          attrs: {
            ...{ rel: "preload", as: "font", type: "font/woff2" },
            ...{ crossorigin: true, href: `/${name}` },
          },
          injectTo: "head-prepend",
        })),
  },
};

export default defineConfig({
  appType: "mpa",
  // Packages are read as TypeScript: nothing has to be built first.
  resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
  plugins: [
    react(),
    preloadFont,
    {
      name: "entries",
      configureServer({ middlewares }) {
        middlewares.use((request, _response, next) => {
          const [path = "/"] = (request.url ?? "/").split("?");
          if (!/\.|^\/(@|api|runs\/[^/]+\/(blobs|updates)|socket\.io)/.test(path))
            request.url = entryOf(path);
          next();
        });
      },
    },
  ],
  worker: { format: "es", plugins: () => [slimTensorflow()] },
  build: {
    outDir: "dist/site",
    target: "es2023",
    // A data: address would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { join: "join.html", app: "app.html" } },
  },
  server: { proxy: { "/api": api, "/runs": api, "/socket.io": { target: api, ws: true } } },
});

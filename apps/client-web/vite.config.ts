/** Two entries that share no page code: `join.html` for data holders, `app.html` for operators. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env["FEDTUNE_URL"] ?? "http://127.0.0.1:7777";

/** The rewrites that the coordinator does too; see apps/server/src/http/pages.ts. */
const entryOf = (path: string): string => (/^\/join(\/|$)/.test(path) ? "/join.html" : "/app.html");

export default defineConfig({
  appType: "mpa",
  // Packages are read as TypeScript: nothing has to be built first.
  resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
  plugins: [
    react(),
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
  worker: { format: "es" },
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

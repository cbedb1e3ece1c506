/** Builds the gallery by itself, as the product is built. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { build, type InlineConfig } from "vite";

/** The build's settings; `outDir` is emptied first. */
const galleryConfig = (outDir: string): InlineConfig => ({
  configFile: false,
  root: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "error",
  resolve: { conditions: ["@fedtune/source", "module", "browser", "development|production"] },
  plugins: [react()],
  build: {
    ...{ outDir, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
    modulePreload: { polyfill: false },
  },
});

/** Writes the gallery's files to a folder. */
export async function buildGallery(outDir: string): Promise<void> {
  await build(galleryConfig(outDir));
}

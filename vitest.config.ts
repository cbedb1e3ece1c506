import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@fedtune/source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["@fedtune/source", "node", "import", "default"] } },
  test: { include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "test/**/*.test.ts"] },
});

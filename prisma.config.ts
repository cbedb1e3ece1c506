import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "prisma/config";

// The command reads this file before it looks for its native schema engine, so the stand-in can be named here. A machine
// that has downloaded the native one keeps using it.
const engines = resolve("node_modules/@prisma/engines");
const isNative =
  existsSync(engines) && readdirSync(engines).some((file) => file.startsWith("schema-engine-"));
if (!isNative)
  process.env["PRISMA_SCHEMA_ENGINE_BINARY"] ??= resolve("scripts/prisma/schema-engine.mjs");
// No version check over the network.
process.env["CHECKPOINT_DISABLE"] ??= "1";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env["DATABASE_URL"] ?? "" },
});

// npm run db:new -- add_runs : writes the SQL that takes the migrations to schema.prisma into a new timestamped folder. Needs no database.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
const name = (process.argv[2] ?? "").toLowerCase().replace(/[^a-z0-9]+/g, "_");
if (!name) {
  console.error("usage: npm run db:new -- <name>");
  process.exit(2);
}
const cli = path.resolve("node_modules/prisma/build/index.js");
const r = spawnSync(
  process.execPath,
  [
    cli,
    "migrate",
    "diff",
    "--from-migrations",
    "prisma/migrations",
    "--to-schema",
    "prisma/schema.prisma",
    "--script",
    "--exit-code",
  ],
  { encoding: "utf8" },
);
if (r.status === 0) {
  console.log("schema.prisma and the migrations already agree");
  process.exit(0);
}
if (r.status !== 2) {
  console.error(r.stdout + r.stderr);
  process.exit(1);
}
const dir = path.join(
  "prisma/migrations",
  new Date().toISOString().replace(/\D/g, "").slice(0, 14) + "_" + name,
);
mkdirSync(dir);
writeFileSync(path.join(dir, "migration.sql"), r.stdout.trim() + "\n");
console.log("wrote", path.join(dir, "migration.sql"));

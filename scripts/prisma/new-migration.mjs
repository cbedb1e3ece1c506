/**
 * `npm run db:new -- add_runs`: writes the SQL that takes the migrations to schema.prisma into a new folder, named by the
 * time in UTC. Needs no database.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const migrations = "prisma/migrations";

const name = (process.argv[2] ?? "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
if (name === "") stop(2, "usage: npm run db:new -- <name>");

const difference = ["--from-migrations", migrations, "--to-schema", "prisma/schema.prisma"];
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [
    resolve("node_modules/prisma/build/index.js"),
    ...["migrate", "diff", ...difference, "--script", "--exit-code"],
  ],
  { encoding: "utf8" },
);
if (status === 0) stop(0, "schema.prisma and the migrations agree");
// 2: they differ.
if (status !== 2) stop(1, stdout + stderr);

const now = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14);
const folder = join(migrations, `${now}_${name}`);
mkdirSync(folder);
writeFileSync(join(folder, "migration.sql"), `${stdout.trim()}\n`);
stop(0, `wrote ${join(folder, "migration.sql")}`);

function stop(code, message) {
  (code === 0 ? console.log : console.error)(message);
  process.exit(code);
}

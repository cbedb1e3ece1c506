/**
 * Runs every bench one after the other, each in a process of its own, and prints their JSON lines.
 *
 * npm run bench [-- name ...]
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const self = basename(fileURLToPath(import.meta.url));
const all = readdirSync(folder).filter((file) => file.endsWith(".ts") && file !== self);
const wanted = process.argv.slice(2);
const chosen =
  wanted.length === 0 ? all : all.filter((file) => wanted.includes(basename(file, ".ts")));
if (chosen.length === 0) {
  process.stderr.write(
    `No bench of that name; there are ${all.map((file) => basename(file, ".ts")).join(", ")}\n`,
  );
  process.exit(2);
}

const { model = "unknown processor" } = cpus()[0] ?? {};
let failed = 0;
for (const file of chosen) {
  const [load = 0] = loadavg();
  process.stdout.write(
    `# ${basename(file, ".ts")} on ${cpus().length} x ${model}, Node ${process.versions.node}, load ${load.toFixed(1)}\n`,
  );
  const args = [
    "--import",
    "tsx",
    "--conditions=@fedtune/source",
    "--expose-gc",
    join(folder, file),
  ];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

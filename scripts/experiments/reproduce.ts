/**
 * Plays the experiments of this repository, all or the named ones, and writes their reports.
 *
 *   npx tsx scripts/experiments/reproduce.ts [--quick] [--out DIR] [--jobs N] [NAME...]
 *
 * With `--quick` every cell has one seed, two rounds and two steps: it shows that all of it runs, and says nothing of
 * methods. An experiment whose data or base model are missing is skipped, and says so. A second call goes on where the first
 * one was.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: "out/experiments" },
    jobs: { type: "string" },
  },
});
const folder = "experiments";
const known = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => basename(name, ".yaml"))
  .sort();
const names = positionals.length === 0 ? known : positionals;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No experiment ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(2);
}
const quick = ["seeds=[1]", "base.rounds.numRounds=2", "base.training.maxSteps=2"];
const outcomes = names.map((name) => ({ name, outcome: played(name) }));
for (const { name, outcome } of outcomes) console.log(`${name.padEnd(14)} ${outcome}`);
process.exitCode = outcomes.some(({ outcome }) => outcome.startsWith("failed")) ? 1 : 0;

function played(name: string): string {
  const file = join(folder, `${name}.yaml`);
  const { base } = parse(readFileSync(file, "utf8")) as {
    readonly base: { readonly model: string; readonly simulation: { readonly data: string } };
  };
  const missing = [base.model, base.simulation.data].find(
    (path) => path.startsWith(folder) && !existsSync(path),
  );
  if (missing !== undefined) return `skipped: ${missing} is missing`;
  const out = join(values.out, values.quick ? "quick" : "whole", name);
  const more = [
    ...(values.quick ? quick.flatMap((set) => ["--set", set]) : []),
    ...(values.jobs === undefined ? [] : ["--jobs", values.jobs]),
    ...(existsSync(out) ? ["--resume"] : []),
  ];
  const program = ["apps/cli/bin/fedtune.mjs", "simulate", file, "--out", out, ...more];
  const { status } = spawnSync(process.execPath, program, { stdio: "inherit" });
  return status === 0 ? `done: ${join(out, "index.html")}` : `failed with ${String(status)}`;
}

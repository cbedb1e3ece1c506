/**
 * Writes the "household intents" data set: the same bytes on every machine.
 *
 *     npx tsx scripts/household-intents/generate.ts [--check]
 *
 * `--check` writes nothing and exits with 1 if a committed file differs from what would be written.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { DIALECTS, INTENTS, type Dialect, type Intent, type Optional } from "./grammar.ts";

const OUT = new URL("../../packages/training/assets/household-intents/", import.meta.url);
const SEED = 20260;
const TEST_SHARE = 0.2;
const MAX_TRIES_PER_ROW = 400;

type Random = () => number;

interface Row {
  readonly text: string;
  readonly label: Intent;
  readonly client: number;
}

interface Split {
  readonly train: readonly Row[];
  readonly test: readonly Row[];
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32). */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("cannot pick from an empty list");
  return item;
}

/** A shuffled copy (Fisher-Yates). */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Fills every `{slot}`; a slot that appears twice gets two different words. */
function fill(template: string, dialect: Dialect, random: Random): string {
  const used = new Set<string>();
  return template.replace(/\{(\w+)\}/g, (_, slot: string) => {
    const words = dialect.slots[slot]?.filter((word) => !used.has(word));
    if (words === undefined) throw new Error(`${dialect.name}: no slot {${slot}} in "${template}"`);
    const word = pick(words, random);
    used.add(word);
    return word;
  });
}

function perhaps(optional: Optional, random: Random): string[] {
  return random() < optional.chance ? [pick(optional.choices, random)] : [];
}

/** Opener, request, aside and closer, joined by commas. */
function utterance(template: string, dialect: Dialect, random: Random): string {
  return [
    ...perhaps(dialect.openers, random),
    fill(template, dialect, random),
    ...perhaps(dialect.asides, random),
    ...perhaps(dialect.closers, random),
  ].join(", ");
}

/** Two utterances with one key would look alike to a model that ignores case, accents and commas. */
function keyOf(text: string): string {
  const plain = text.toLowerCase().normalize("NFD");
  return plain.replace(/[^a-z0-9 ]/g, "").trim();
}

/** The rows of one client and intent; every template gets its turn. */
function cell(client: number, label: Intent, seen: Set<string>): Row[] {
  const dialect = pick(DIALECTS.slice(client, client + 1), () => 0);
  const wanted = dialect.rows[label];
  const templates = dialect.templates[label];
  const random = randomFrom(SEED + 100 * client + INTENTS.indexOf(label));
  const rows: Row[] = [];
  for (let tries = 0; rows.length < wanted; tries++) {
    if (tries > wanted * MAX_TRIES_PER_ROW) {
      throw new Error(`${dialect.name}: only ${rows.length} of ${wanted} rows for ${label}`);
    }
    const template = templates[tries % templates.length] ?? "";
    const text = utterance(template, dialect, random);
    const key = keyOf(text);
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push({ text, label, client });
  }
  return shuffled(rows, random);
}

/** A fifth of every cell goes to the test rows. */
function generate(): Split {
  const seen = new Set<string>();
  const train: Row[] = [];
  const test: Row[] = [];
  for (const client of DIALECTS.keys()) {
    for (const label of INTENTS) {
      const rows = cell(client, label, seen);
      const cut = Math.round(rows.length * TEST_SHARE);
      test.push(...rows.slice(0, cut));
      train.push(...rows.slice(cut));
    }
  }
  const random = randomFrom(SEED);
  return { train: shuffled(train, random), test: shuffled(test, random) };
}

function toTsv(rows: readonly Row[]): string {
  const lines = rows.map((row) => `${row.text}\t${row.label}\t${String(row.client)}`);
  return ["text\tlabel\tclient", ...lines, ""].join("\n");
}

function files({ train, test }: Split): Map<string, string> {
  return new Map([
    ["train.tsv", toTsv(train)],
    ["test.tsv", toTsv(test)],
    ["labels.txt", `${INTENTS.join("\n")}\n`],
  ]);
}

function committed(name: string): string | undefined {
  try {
    return readFileSync(new URL(name, OUT), "utf8");
  } catch {
    return undefined;
  }
}

function check(wanted: ReadonlyMap<string, string>): boolean {
  const stale = [...wanted].filter(([name, text]) => committed(name) !== text);
  for (const [name] of stale) console.error(`${name} differs from what the grammar generates`);
  return stale.length === 0;
}

function write(wanted: ReadonlyMap<string, string>): void {
  mkdirSync(OUT, { recursive: true });
  for (const [name, text] of wanted) writeFileSync(new URL(name, OUT), text);
}

const wanted = files(generate());
if (process.argv.includes("--check")) process.exitCode = check(wanted) ? 0 : 1;
else write(wanted);

/** Small data files, and the smallest base model. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/repository.ts";

/** Two layers, 32 wide, 119 pieces: its answers mean nothing, its steps take milliseconds. */
export const tinyBert = join(root, "packages/training/golden/tiny-bert");

/** Options that make training small and the same everywhere. */
export const small = ["--model", tinyBert, "--backend", "wasm"] as const;

/** One example and whose it is. */
export interface Row {
  readonly text: string;
  readonly label: string;
  readonly client: string;
}

/** Labels of {@link wordRows}: those of the smallest model's own head, so that it can be measured alone too. */
export const wordLabels = ["negative", "neutral", "positive"] as const;

const names = ["anna", "ben", "carl"] as const;
const words = { negative: "bad", neutral: "cafe", positive: "great" } as const;
const frames = ["the @ film", "a @ movie this is", "very @ and @", "it was @ to play"] as const;

/** Rows that the smallest model can learn: one word decides. Three clients in turn; every text is there once. */
export function wordRows(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, index) => {
    const label = wordLabels[(index * 7 + Math.floor(index / 3)) % 3] ?? "neutral";
    const frame = frames[index % frames.length] ?? "";
    const text = `${frame.replaceAll("@", words[label])} ${String(index)}`;
    return { text, label, client: names[index % 3] ?? "" };
  });
}

/** Writes a tab-separated file with a header; returns its path. */
export function writeTsv(path: string, rows: readonly Row[]): string {
  const lines = rows.map(({ text, label, client }) => [text, label, client].join("\t"));
  writeFileSync(path, `${["text\tlabel\tclient", ...lines].join("\n")}\n`);
  return path;
}

/** A file of all rows and one per client, the clients in alphabetical order. */
export function writeShares(
  folder: string,
  rows: readonly Row[],
): { readonly all: string; readonly clients: readonly { name: string; file: string }[] } {
  const names = [...new Set(rows.map(({ client }) => client))].sort();
  const clients = names.map((name) => ({
    name,
    file: writeTsv(
      join(folder, `${name}.tsv`),
      rows.filter(({ client }) => client === name),
    ),
  }));
  return { all: writeTsv(join(folder, "all.tsv"), rows), clients };
}

import type { Rng } from "@fedtune/core";
import { apportion, blocks } from "./apportion.ts";
import { shuffledRows } from "./classes.ts";
import type { PartitionInput, Share } from "./scheme.ts";

/**
 * Deals a random share of the rows equally, and the rest as `deal` does: the knob of FLASC (arXiv 2406.05233,
 * `data_utils.py`) between a scheme (0) and no skew (1).
 */
export function withIidShare(
  input: PartitionInput,
  { share, rng }: { readonly share: number; readonly rng: Rng },
  deal: (rest: PartitionInput) => readonly Share[],
): readonly Share[] {
  const rows = shuffledRows(input.labels.length, rng);
  const mixed = Math.round(share * rows.length);
  const rest = rows.slice(mixed).sort((a, b) => a - b);
  const dealt = deal(only(input, rest));
  const equal = apportion(mixed, Array<number>(dealt.length).fill(1));
  const parts = blocks(rows.slice(0, mixed), equal);
  return dealt.map(({ name, rows: own }, client) => ({
    name,
    rows: [...own.map((row) => rest[row] ?? 0), ...(parts[client] ?? [])],
  }));
}

/** Only some rows of the data. */
function only({ labels, columns = {} }: PartitionInput, rows: readonly number[]): PartitionInput {
  return {
    labels: rows.map((row) => labels[row] ?? 0),
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, rows.map((row) => values[row] ?? "")]),
    ),
  };
}

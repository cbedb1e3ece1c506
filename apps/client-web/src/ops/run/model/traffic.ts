/** Bytes up and down against what dense LoRA would have sent. */
import type { RunCost } from "./api-types.ts";
import { runningSums } from "./round-figures.ts";
import type { RoundFigures } from "./round-figures.ts";

/** What the estimate says of bytes; null: it is not known. */
export type EstimatedBytes = RunCost["bytes"] | null;

/** What has travelled, in bytes; null: hidden. */
export interface Traffic {
  readonly rounds: readonly number[];
  readonly up: readonly (number | null)[];
  readonly down: readonly (number | null)[];
  /** What the same updates would have taken as dense LoRA of the same rank. */
  readonly dense: readonly (number | null)[] | null;
  readonly totalUp: number | null;
  readonly totalDown: number | null;
  /** Of one update. */
  readonly perUpdate: number | null;
  readonly perDenseUpdate: number | null;
  /** Share of what dense LoRA would have sent. */
  readonly ofDense: number | null;
}

const last = (values: readonly (number | null)[]): number | null => values.at(-1) ?? null;

/** Sums over the rounds; `open` is what the round at hand has sent so far. */
export function trafficOf(rows: readonly RoundFigures[], bytes: EstimatedBytes): Traffic {
  const [up, down] = [runningSums(rows, "bytesUp"), runningSums(rows, "bytesDown")];
  const ofDense =
    bytes === null || bytes.dense.up === 0 ? null : bytes.perRound.up / bytes.dense.up;
  return {
    ...{ rounds: rows.map(({ round }) => round), up, down, ofDense },
    dense:
      ofDense === null || ofDense === 0
        ? null
        : up.map((sum) => (sum === null ? null : sum / ofDense)),
    ...{ totalUp: rows.length === 0 ? 0 : last(up), totalDown: rows.length === 0 ? 0 : last(down) },
    perUpdate: bytes?.perRound.up ?? null,
    perDenseUpdate: bytes?.dense.up ?? null,
  };
}

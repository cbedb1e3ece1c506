/** What an experiment leaves behind: every cell with its rounds. No clock time is in it, so a repetition has the same bytes. */
import type { PartitionDescription } from "../partition/describe.ts";
import type { ReportRow } from "../report.ts";
import type { Experiment, JsonValue } from "./schema.ts";

/** One run of an experiment. */
export interface Cell {
  /** SHA-256 over the resolved run, its data's and base model's hashes and the engine's version, in hex. */
  readonly hash: string;
  /** Name of its variant; null where the experiment has none. */
  readonly variant: string | null;
  /** What it sets over the base, by field: its variant's, then its place in the grid. */
  readonly settings: Readonly<Record<string, JsonValue>>;
  readonly seed: number;
  /** The run config with its section `simulation`, before it is resolved. */
  readonly config: Readonly<Record<string, JsonValue>>;
}

/** What one client measured on its own evaluation data after the last round. */
export interface ClientOutcome {
  readonly name: string;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What became of a cell. */
export interface CellResult extends Cell {
  readonly status: "completed" | "failed";
  /** Why it failed; null when it did not. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** Of the run alone, as live runs show it; null when it could not be resolved. */
  readonly configHash: string | null;
  /** SHA-256 of the final adapter's float32 bytes. */
  readonly adapterHash: string | null;
  /** In order of rounds; round 0 is the initial adapter. Seconds are virtual. */
  readonly rows: readonly ReportRow[];
  /** Who got what; null when the data could not be dealt. */
  readonly shares: PartitionDescription | null;
  /** Empty unless clients evaluate. */
  readonly clients: readonly ClientOutcome[];
}

/** A whole experiment. */
export interface ExperimentResult {
  readonly experiment: Experiment;
  /** Of fedtune. */
  readonly version: string;
  /** What to type to repeat it. */
  readonly command: string;
  /** Backend and threads of a cell, `wasm, own kernels, 1 thread`. */
  readonly engine: string;
  /** In the order of variants, grid and seeds. */
  readonly cells: readonly CellResult[];
}

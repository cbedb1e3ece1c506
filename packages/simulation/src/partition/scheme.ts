/** The contract of a partition scheme: how one data set is dealt to simulated clients. */
import type { Rng } from "@fedtune/core";
import type { z } from "zod";

/** What a scheme may look at; index i of each list is row i. */
export interface PartitionInput {
  /** Label of each row, as an index into the run's ordered label list. */
  readonly labels: readonly number[];
  /** Other columns by name, for schemes that read one. */
  readonly columns?: Readonly<Record<string, readonly string[]>>;
}

/** One client's rows, as a scheme deals them. */
export interface Share {
  /** A name that the data gives; null where clients are only numbered. */
  readonly name: string | null;
  /** Row indices in any order. */
  readonly rows: readonly number[];
}

/** A scheme as a pure value. */
export interface Scheme<Options = unknown> {
  readonly name: string;
  readonly summary: string;
  /** Where the scheme comes from, if it was published. */
  readonly source: string | null;
  /** Strict schema of its own options, without those that all schemes have. */
  readonly options: z.ZodType<Options>;
  /** Whether rows may move to clients that got too few: not where the data says whose they are. */
  readonly movable: boolean;
  /** Whether the data, or an option, alone says how many clients there are. */
  readonly namesClients: boolean;
  /** Deals every row exactly once. */
  deal(input: PartitionInput, task: DealTask<Options>): readonly Share[];
}

/** What a scheme is asked for. */
export interface DealTask<Options> {
  readonly clients: number;
  readonly options: Options;
  readonly rng: Rng;
}

/** Shares of clients that only have numbers. */
export function numbered(rows: readonly (readonly number[])[]): Share[] {
  return rows.map((own) => ({ name: null, rows: own }));
}

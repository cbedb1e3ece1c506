import type { Partition } from "./partition.ts";

/** Rows per client and label, as data for reports. */
export interface PartitionDescription {
  readonly rows: number;
  readonly clients: readonly ClientDescription[];
}

/** One client of a partition. */
export interface ClientDescription {
  readonly name: string;
  readonly rows: number;
  /** Rows of each label of the run's ordered list. */
  readonly perLabel: readonly number[];
}

/**
 * Counts a partition.
 *
 * @param labels label index of each row
 * @param labelCount length of the run's ordered label list
 */
export function describePartition(
  { clients, names }: Partition,
  labels: readonly number[],
  labelCount: number,
): PartitionDescription {
  const described = clients.map((rows, client) => {
    const perLabel = Array<number>(labelCount).fill(0);
    for (const row of rows) {
      const label = labels[row] ?? -1;
      if (perLabel[label] === undefined) {
        throw new RangeError(
          `Cannot count label ${String(label)} of row ${String(row)}: there are ${String(labelCount)}`,
        );
      }
      perLabel[label] += 1;
    }
    return { name: names[client] ?? "", rows: rows.length, perLabel };
  });
  return { rows: described.reduce((sum, { rows }) => sum + rows, 0), clients: described };
}

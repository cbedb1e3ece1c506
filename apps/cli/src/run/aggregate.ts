import type { Io } from "../io.ts";
import type { Assignment, WeightedFolder } from "../values.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune aggregate` was asked for. */
export interface AggregateOptions {
  readonly method: string;
  readonly out: string;
  readonly option?: readonly Assignment[] | undefined;
  readonly folders: readonly WeightedFolder[];
}

/** Combines adapter folders. */
export function runAggregate(_options: AggregateOptions, _io: Io): Promise<undefined> {
  return Promise.reject(notWired("aggregate"));
}

import { hashOfJson } from "@fedtune/core";
import type { Digest, Hash, RunConfig } from "@fedtune/core";
import type { SimulationConfig } from "../config.ts";

/** Everything that a cell's result depends on. */
export interface CellIdentity {
  /** Resolved, so that nothing depends on what a file leaves to defaults or on the order of its keys. */
  readonly run: RunConfig;
  readonly simulation: SimulationConfig;
  /** SHA-256 of each data file, by the field of `simulation` that names it; null: it names none. */
  readonly files: Readonly<Record<string, Digest | null>>;
  /** SHA-256 over the files of the base model. */
  readonly model: Digest;
  readonly engine: string;
  /** Of fedtune. */
  readonly version: string;
}

/** What a cell is known by: the same on every machine, another one whenever the result could be another. */
export function cellHash(identity: CellIdentity, hash: Hash): Digest {
  return hashOfJson(identity, hash);
}

/** Golden files: numbers that an independent program computed, with the program's name inside. */
import { readFileSync } from "node:fs";
import type { FactorSpec, HeadPolicy } from "@fedtune/core";

/** What every golden file says about itself. */
export interface Provenance {
  readonly script: string;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Rounds of a method computed from its paper's equations. */
export interface MethodGolden {
  readonly provenance: Provenance;
  /** What was computed, with the paper's equation. */
  readonly equations: string;
  /** Largest difference allowed, relative to one plus the largest magnitude. */
  readonly tolerance: number;
  readonly rank: number;
  readonly scaling: number;
  readonly head: HeadPolicy;
  /** Options of the method. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly factors: readonly FactorSpec[];
  /** The adapter of round 0, in layout order. */
  readonly initial: readonly number[];
  readonly rounds: readonly {
    /** `trained`: the client's adapter after its training, in layout order; entries that stay with the client are null. */
    readonly clients: readonly {
      readonly index: number;
      readonly weight: number;
      readonly trained: readonly (number | null)[];
    }[];
    /** The global adapter after the round; entries that no client sends are null. */
    readonly adapter: readonly (number | null)[];
    /** Per module, what all rounds so far have added to the base weight, `[out, in]` row-major; absent: nothing is said. */
    readonly base?: Readonly<Record<string, readonly number[]>>;
  }[];
}

/**
 * Reads a golden file.
 *
 * @throws Error when it does not say which program made it
 */
export function loadGolden<T extends { readonly provenance: Provenance }>(file: URL): T {
  const golden = JSON.parse(readFileSync(file, "utf8")) as T;
  if (!golden.provenance.script.startsWith("scripts/")) {
    throw new Error(`Cannot trust ${file.pathname}: wanted the script that made it`);
  }
  return golden;
}

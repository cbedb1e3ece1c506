/** What a data file's privacy record says, counted by this device alone. */

/** Epsilon of one file over all runs, at one delta. */
export interface PrivacyStanding {
  readonly delta: number;
  /** What this device allows over all runs of the file; null: no limit. */
  readonly budget: number | null;
  /** By everything charged so far; upper bounds, as all that follow. */
  readonly spent: number;
  /** Part of it that other runs have charged. */
  readonly spentElsewhere: number;
  /** By this run alone, so far and when it is complete. */
  readonly spentHere: number;
  readonly plannedHere: number;
  /** By everything, when this run is complete. */
  readonly projected: number;
  /** Further rounds that the budget allows; null: all of them. */
  readonly roundsLeft: number | null;
  /** Nothing more is allowed: this device refuses to train on the file. */
  readonly isExhausted: boolean;
  /** The exact guarantee, one fact per line. */
  readonly guarantee: string;
}

/** A privacy record in the list of everything that this browser keeps. */
export interface PrivacyRecord {
  /** SHA-256 of the file. */
  readonly dataset: string;
  /** Null: the name is forgotten. */
  readonly fileName: string | null;
  readonly delta: number;
  readonly spent: number;
  readonly rows: number;
  readonly runs: readonly string[];
}

/** What an invitation tells, before anything is downloaded or sent. */
import type { ErrorCode, ErrorData, RunId } from "@fedtune/core";

/** An error as pages show it: by its code, with the facts that its sentence needs. */
export interface Problem {
  readonly code: ErrorCode;
  /** English, for support; pages choose their own words by code. */
  readonly message: string;
  readonly data: ErrorData;
  /** Whether the same may work later. */
  readonly retryable: boolean;
}

/** Numbers of an adapter by where they go. */
export interface NumbersByFate {
  /** Sent in every round. */
  readonly leaves: number;
  /** Learned here and never sent. */
  readonly stays: number;
  /** Fetched in every round. */
  readonly comes: number;
}

/** What a run promises, as its organiser states it; the ledger of this device counts for itself. */
export interface PrivacyPromise {
  readonly mode: "none" | "record-level" | "user-level";
  /** Of the whole run, for a unit that takes part in every round; null without a mechanism. */
  readonly epsilon: number | null;
  readonly delta: number | null;
  readonly noiseMultiplier: number | null;
  readonly clipNorm: number | null;
  readonly accountant: string | null;
  readonly whoAddsNoise: "device" | "server" | "devices-together" | null;
  readonly unit: "example" | "user" | null;
  /** Right guesses out of 100 at most, from the accountant's curve at the end of the run; null: not known. */
  readonly rightOutOf100: number | null;
}

/** A run as somebody who is invited may know it. */
export interface Invitation {
  /** Origin of the coordinator. */
  readonly server: string;
  readonly run: RunId;
  readonly title: string;
  readonly description: string | null;
  readonly organiser: string | null;
  readonly organiserContact: string | null;
  /** What one example is: message, photo; null: row. */
  readonly subject: string | null;
  /** What one participant is: clinic, school; null: participant. */
  readonly party: string | null;
  /** `bytes` are downloaded once. */
  readonly model: { readonly name: string; readonly bytes: number };
  /** Ordered labels of the task. */
  readonly labels: readonly string[];
  /** Names that the organiser expects; null: no hint. */
  readonly columns: {
    readonly text: string | null;
    readonly textPair: string | null;
    readonly label: string | null;
  };
  readonly method: { readonly name: string; readonly title: string; readonly summary: string };
  readonly adapter: {
    readonly kind: string;
    readonly rank: number;
    readonly targetModules: readonly string[];
  };
  readonly numbers: NumbersByFate;
  readonly bytes: { readonly upPerRound: number; readonly downPerRound: number };
  readonly rounds: { readonly total: number; readonly committed: number };
  readonly privacy: PrivacyPromise;
  /** Fewest examples with which one may take part. */
  readonly minimumExamples: number;
  /** Milliseconds since 1970; null: it stays open. */
  readonly expiresAt: number | null;
  readonly usesLeft: number | null;
  readonly status: "running" | "completed" | "failed" | "stopped";
  /** Participants that are there; null: hidden. */
  readonly presence: { readonly here: number; readonly joined: number } | null;
}

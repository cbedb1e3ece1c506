/** What an invitation tells, before anything is downloaded or sent. */
import type { OutputOf } from "@fedtune/api";
import type { ErrorCode, ErrorData } from "@fedtune/core";

/** An error as pages show it: by its code, with the facts that its sentence needs. */
export interface Problem {
  readonly code: ErrorCode;
  /** English, for support; pages choose their own words by code. */
  readonly message: string;
  readonly data: ErrorData;
  /** Whether the same may work later. */
  readonly retryable: boolean;
}

/** A run as somebody who is invited may know it: what the coordinator answers, and where it is. */
export type Invitation = OutputOf<"openInvitation"> & {
  /** Origin of the coordinator. */
  readonly server: string;
};

/** What a run promises, as its organiser's server states it; this device's own record counts for itself. */
export type PrivacyPromise = Invitation["privacy"];

/** Counting the privacy record of the chosen file, for pages. */
import { canonicalJson } from "@fedtune/core";
import type { PrivateTerms } from "../privacy/standing.ts";
import { readLedger } from "../storage/holder-stores.ts";
import { membershipOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { loaded } from "./loading.ts";

/**
 * Counts anew. An accountant takes a tenth of a second, so this is done once per round.
 *
 * @param exact what the run itself says; absent: what the invitation says
 */
export async function countPrivacy(desk: Desk, exact: PrivateTerms | null = null): Promise<void> {
  const { invitation, file } = membershipOf(desk);
  if (invitation.privacy.mode !== "record-level") {
    desk.set({ privacy: null });
    return;
  }
  const { termsOfInvitation } = await loaded(() => import("../privacy/terms.ts"));
  const { ledgerKeyOf, privacyStanding } = await loaded(() => import("../privacy/standing.ts"));
  const terms = exact ?? termsOfInvitation(invitation);
  if (terms === null || file === null) {
    desk.set({ privacy: null });
    return;
  }
  const key = ledgerKeyOf(file.facts.sha256, terms.settings);
  const ledger = await readLedger(storeOf(desk), canonicalJson(key));
  const { budgetEpsilon } = desk.get().settings;
  const { hash } = desk.ports;
  desk.set({ privacy: privacyStanding(terms, { budgetEpsilon, ledger, hash }) });
}

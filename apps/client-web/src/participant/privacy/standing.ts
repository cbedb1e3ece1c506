/**
 * What a data file's privacy record says, counted on this device: what runs have charged, what this one still will, and
 * how many rounds the holder's budget allows.
 *
 * The arithmetic is that of the client's own guard: events of one kind are a plan made beforehand and cost what the run's
 * accountant says; events of several kinds, of runs that somebody may have thought of after seeing the results of others,
 * are counted by a Renyi filter whose order follows from the budget alone.
 */
import { canonicalJson } from "@fedtune/core";
import type { Hash, RunId } from "@fedtune/core";
import {
  accountants,
  filteredEpsilon,
  filterOrder,
  ledgerEvents,
  openLedger,
  privacyReport,
  privacyReportText,
} from "@fedtune/dp";
import type { Ledger, LedgerKey, PrivacyEvent, RecordLevelPrivacy } from "@fedtune/dp";
import type { PrivacyStanding } from "../privacy-standing.ts";

/** What a run does to the examples of one device. */
export interface PrivateTerms {
  readonly run: RunId;
  readonly settings: RecordLevelPrivacy;
  /** Of one round. */
  readonly perRound: readonly PrivacyEvent[];
  readonly rounds: number;
  /** What one needs to repeat the accountant's arithmetic. */
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** Whose examples, and what their owner allows. */
export interface HolderTerms {
  readonly budgetEpsilon: number | null;
  /** Text of the file's ledger; null: nothing was charged yet. */
  readonly ledger: string | null;
  readonly hash: Hash;
}

/** Name of the data holder in the ledgers of this browser; whoever uses the browser shares them. */
export const HOLDER = "this browser";

/** The ledger that a run charges for a file. */
export function ledgerKeyOf(
  dataset: string,
  { relation, delta }: Pick<RecordLevelPrivacy, "relation" | "delta">,
): LedgerKey {
  return { holder: HOLDER, dataset, unit: "example", relation, delta };
}

/**
 * Counts.
 *
 * @throws FedtuneError `state-corrupt` when the ledger was tampered with
 */
export function privacyStanding(terms: PrivateTerms, holder: HolderTerms): PrivacyStanding {
  const { run, settings, perRound, rounds } = terms;
  const { budgetEpsilon: own, hash } = holder;
  const ledger = holder.ledger === null ? null : openLedger(holder.ledger, { hash });
  const here = eventsOf(ledger, (row) => row.run === run);
  const elsewhere = eventsOf(ledger, (row) => row.run !== run);
  const budget = smaller(own, settings.budget?.epsilon ?? null);
  const cost = costOf(settings, budget);
  const planned = atLeast(times(perRound, rounds), here);
  const projected = cost([...elsewhere, ...planned]);
  const roundsDone = stepsOf(here) / Math.max(1, stepsOf(perRound));
  const allowed =
    budget === null || projected <= budget
      ? null
      : mostRounds(rounds, (count) => cost([...elsewhere, ...times(perRound, count)]) <= budget);
  const roundsLeft = allowed === null ? null : Math.max(0, Math.floor(allowed - roundsDone));
  return {
    ...{ delta: settings.delta, budget },
    spent: cost([...elsewhere, ...here]),
    spentElsewhere: cost(elsewhere),
    spentHere: cost(here),
    plannedHere: cost(planned),
    ...{ projected, roundsLeft, isExhausted: roundsLeft === 0 },
    guarantee: guaranteeText(terms, { here, planned, cost }),
  };
}

function smaller(a: number | null, b: number | null): number | null {
  const least = Math.min(a ?? Infinity, b ?? Infinity);
  return least === Infinity ? null : least;
}

type Rows = Ledger["rows"];

function eventsOf(
  ledger: Ledger | null,
  isWanted: (row: Rows[number]) => boolean,
): readonly PrivacyEvent[] {
  if (ledger === null) return [];
  return ledgerEvents({ ...ledger, rows: ledger.rows.filter(isWanted) });
}

/** Events of the same mechanism are one, with their steps added up. */
function merged(events: readonly PrivacyEvent[]): readonly PrivacyEvent[] {
  const kinds = new Map<string, PrivacyEvent>();
  for (const event of events) {
    const { steps, ...mechanism } = event;
    const name = canonicalJson(mechanism);
    kinds.set(name, { ...event, steps: steps + (kinds.get(name)?.steps ?? 0) });
  }
  return [...kinds.values()].filter(({ steps }) => steps > 0);
}

function costOf(
  { accountant, relation, delta }: RecordLevelPrivacy,
  budget: number | null,
): (events: readonly PrivacyEvent[]) => number {
  return (list) => {
    const events = merged(list);
    if (events.length === 0) return 0;
    if (events.length === 1 || budget === null)
      return accountants[accountant].compose({ relation, events }).epsilon(delta).upper;
    const order = filterOrder({ epsilon: budget, delta });
    return filteredEpsilon({ relation, events }, { order, delta });
  };
}

function times(events: readonly PrivacyEvent[], rounds: number): readonly PrivacyEvent[] {
  return events.map((event) => ({ ...event, steps: event.steps * rounds }));
}

/** The plan, or what was charged where that is more: rounds may be repeated. */
function atLeast(
  planned: readonly PrivacyEvent[],
  charged: readonly PrivacyEvent[],
): readonly PrivacyEvent[] {
  return stepsOf(charged) > stepsOf(planned) ? charged : planned;
}

function stepsOf(events: readonly PrivacyEvent[]): number {
  return events.reduce((sum, { steps }) => sum + steps, 0);
}

/** The greatest number of rounds that fits; cost grows with every round. */
function mostRounds(rounds: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, rounds];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface Counted {
  readonly here: readonly PrivacyEvent[];
  readonly planned: readonly PrivacyEvent[];
  readonly cost: (events: readonly PrivacyEvent[]) => number;
}

function guaranteeText(
  { settings, parameters }: PrivateTerms,
  { here, planned, cost }: Counted,
): string {
  const { accountant, samplingRate, noise } = settings;
  return privacyReportText(
    privacyReport({
      settings,
      sampling: { kind: "poisson", samplingRate },
      keystream: { secure: noise === "secure" },
      accountant: { name: accountant, parameters },
      epsilon: cost,
      ...{ spent: here, planned, units: null },
    }),
  );
}

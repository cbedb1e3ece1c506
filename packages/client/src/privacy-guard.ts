/**
 * A data holder's guard of its own privacy: every private round is charged to the holder's ledger before its data is
 * touched, whatever the coordinator says.
 */
import { canonicalJson, FedtuneError } from "@fedtune/core";
import type { Digest, Hash, MessageOf } from "@fedtune/core";
import {
  accountants,
  filteredEpsilon,
  filterOrder,
  ledgerText,
  newLedger,
  openLedger,
  plannedEvents,
  privacySettings,
  reserve,
  rowLine,
  spend,
} from "@fedtune/dp";
import type {
  Appended,
  AppendPorts,
  Ledger,
  LedgerKey,
  LedgerSlot,
  PrivacyBudget,
  PrivacyEvent,
  RecordLevelPrivacy,
} from "@fedtune/dp";

/** Where one ledger is kept. */
export interface LedgerStore {
  /** The whole text; null before the first row. */
  load(): Promise<string | null>;
  /** Puts text behind what is there; durable once it resolves. */
  append(text: string): Promise<void>;
}

/** Where the ledgers of a client are kept. */
export interface Ledgers {
  open(key: LedgerKey): LedgerStore;
  /** The whole text of every ledger that has been begun. */
  all(): Promise<readonly string[]>;
  /** Does one piece of work while nobody else, in any process, does any with these ledgers. */
  exclusive(work: () => Promise<void>): Promise<void>;
}

/** Whose data a client trains on, and what its owner allows. */
export interface HolderPrivacy {
  /** The data holder; runs of one holder over the same data share a ledger. */
  readonly holder: string;
  /** Fingerprint of the data set. */
  readonly dataset: string;
  /**
   * Most epsilon that the owner allows over all runs on this data; null: whatever the runs say. It is held in one ledger:
   * a run of another delta or relation than the first is refused, since its spending could not be added up.
   */
  readonly budgetEpsilon: number | null;
  readonly ledgers: Ledgers;
  /** Now, ISO 8601 in UTC. */
  readonly time: () => string;
}

/** A piece of work that is charged once, however often it is repeated before anything leaves. */
export interface PrivateTask {
  readonly round: number;
  readonly attempt: number;
}

/** Guards one run. */
export interface PrivacyGuard {
  /** @throws FedtuneError `budget-exhausted` before anything is touched */
  reserve(task: PrivateTask, work: { readonly trainings: number }): Promise<void>;
  /** Checks that what was done is what was charged, and notes which bytes it became. */
  spend(task: PrivateTask, done: readonly unknown[], updateHash: Digest): Promise<void>;
}

/**
 * Opens the guard of a run; null where clients need none, because nothing private is asked of them.
 *
 * @throws FedtuneError `config-conflict` when the run is private and this client keeps no ledger, or when the owner set a
 * budget and the run does not protect examples, `state-corrupt` when its
 * ledger was tampered with
 */
export async function openGuard(
  { run, spec }: MessageOf<"welcome">,
  { privacy, hash }: { readonly privacy?: HolderPrivacy; readonly hash: Hash },
): Promise<PrivacyGuard | null> {
  const settings = privacySettings(spec.privacy);
  if (settings.mode !== "record-level") {
    if (typeof privacy?.budgetEpsilon !== "number") return null;
    const message = `Cannot join run "${run}" with a budget of epsilon ${privacy.budgetEpsilon}: its privacy.mode is ${settings.mode}, wanted record-level`;
    throw new FedtuneError("config-conflict", message, { data: { mode: settings.mode } });
  }
  if (privacy === undefined) {
    const message = `Cannot join run "${run}": it is private, and this client keeps no privacy ledger`;
    throw new FedtuneError("config-conflict", message);
  }
  const { holder, dataset } = privacy;
  const { relation, delta } = settings;
  const key: LedgerKey = { holder, dataset, unit: "example", relation, delta };
  const { ledgers } = privacy;
  const store = ledgers.open(key);
  const once = plannedEvents(settings, spec.training);
  const budget = { epsilon: budgetOf(settings, privacy), delta };
  const limit = {
    budget,
    epsilon: budget.epsilon === Infinity ? () => 0 : costOf(settings, budget),
  };
  /** One step on the ledger as it is now: other runs of this holder may have charged it meanwhile. */
  const change = (step: (ledger: Ledger, ports: AppendPorts) => Appended): Promise<void> =>
    ledgers.exclusive(async () => {
      if (privacy.budgetEpsilon !== null) await checkOneLedger(privacy, key, hash);
      const text = await store.load();
      const ledger = text === null ? newLedger(key, hash) : openLedger(text, { hash });
      const { row } = step(ledger, { hash, time: privacy.time() });
      if (row === null) return;
      await store.append((text === null ? ledgerText(ledger, hash) : "") + rowLine(row));
    });
  // A ledger that was tampered with is found before any work.
  await change((ledger) => ({ ledger, row: null }));
  return {
    reserve: ({ round, attempt }, { trainings }) =>
      change((ledger, ports) => {
        const events = Array.from({ length: trainings }, () => once).flat();
        const found = reserve(ledger, { run, round, attempt, events }, { ...ports, limit });
        if (found.kind === "refused") throw exhausted(round, found, delta);
        return found;
      }),
    spend: ({ round, attempt }, done, updateHash) =>
      change((ledger, ports) => {
        const slot = { run, round, attempt };
        checkDone(done, reservedEvents(ledger, slot));
        return spend(ledger, { ...slot, updateHash }, ports);
      }),
  };
}

/**
 * An owner's budget is worth nothing if a coordinator can choose which ledger is charged.
 *
 * @throws FedtuneError `config-conflict` when the data has a ledger of another delta or relation
 */
async function checkOneLedger(
  { ledgers, budgetEpsilon }: HolderPrivacy,
  key: LedgerKey,
  hash: Hash,
): Promise<void> {
  for (const text of await ledgers.all()) {
    const { key: other, rows } = openLedger(text, { hash });
    const isSameData = other.holder === key.holder && other.dataset === key.dataset;
    if (!isSameData || rows.length === 0) continue;
    if (other.delta === key.delta && other.relation === key.relation) continue;
    const message =
      `Cannot charge a run of delta ${key.delta} and relation ${key.relation}: the budget of epsilon ${String(budgetEpsilon)} ` +
      `for this data is held at delta ${other.delta} and relation ${other.relation}`;
    throw new FedtuneError("config-conflict", message, { data: { key, other } });
  }
}

/** What was charged to a slot; empty where nothing was. */
function reservedEvents({ rows }: Ledger, slot: LedgerSlot): readonly PrivacyEvent[] {
  const { run, round, attempt } = slot;
  const charged = rows.findLast(
    (row) => "events" in row && row.run === run && row.round === round && row.attempt === attempt,
  );
  return charged !== undefined && "events" in charged ? charged.events : [];
}

/** The smaller of what the owner and what the run allow. */
function budgetOf({ budget }: RecordLevelPrivacy, { budgetEpsilon }: HolderPrivacy): number {
  return Math.min(budget?.epsilon ?? Infinity, budgetEpsilon ?? Infinity);
}

/**
 * What events cost. Those of one kind are a plan that was made before they ran: the run's accountant. Those of several
 * kinds are of runs that somebody may have thought of after seeing the results of others: a Renyi filter, whose order
 * follows from the budget alone.
 */
function costOf({ accountant, relation, delta }: RecordLevelPrivacy, budget: PrivacyBudget) {
  const order = filterOrder(budget);
  return (events: readonly PrivacyEvent[]): number =>
    events.length <= 1
      ? accountants[accountant].compose({ relation, events }).epsilon(delta).upper
      : filteredEpsilon({ relation, events }, { order, delta });
}

function checkDone(done: readonly unknown[], planned: readonly PrivacyEvent[]): void {
  if (canonicalJson(done) === canonicalJson(planned)) return;
  throw new FedtuneError(
    "training-failed",
    `Cannot release the update: the trainer reports ${canonicalJson(done)}, charged was ${canonicalJson(planned)}`,
    { data: { done, planned } },
  );
}

function exhausted(
  round: number,
  {
    spent,
    needed,
    budget,
  }: { readonly spent: number; readonly needed: number; readonly budget: number },
  delta: number,
): FedtuneError {
  const [before, after] = [spent, needed].map((value) => value.toPrecision(4));
  return new FedtuneError(
    "budget-exhausted",
    `Cannot train round ${round}: epsilon would go from ${before ?? ""} to ${after ?? ""} at delta ${delta}, the budget is ${budget}`,
    { data: { round, spent, needed, budget, delta } },
  );
}

/** Everything that this browser keeps, and deleting it. */
import { accountants, ledgerEvents, openLedger } from "@fedtune/dp";
import type { Ledger } from "@fedtune/dp";
import type { PrivacyRecord } from "../privacy-standing.ts";
import { noMemory, remember } from "../session/report.ts";
import { durably, storeNames } from "../storage/database.ts";
import type { StoreName } from "../storage/database.ts";
import { readLedgers, readOwnNumbers } from "../storage/holder-stores.ts";
import { readJournal } from "../storage/journal.ts";
import { readMemberships } from "../storage/memberships.ts";
import type { StoredMembership } from "../storage/memberships.ts";
import { inStorage } from "../storage/storage-error.ts";
import { defaultSettings } from "../storage/settings-store.ts";
import type { Deletion, Keepings, Membership } from "../types.ts";
import { storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { closeRoad } from "./closing.ts";
import { noRoad, stageKindOf } from "./state.ts";

/** Reads all of it. */
export async function readKeepings(desk: Desk): Promise<Keepings> {
  const database = storeOf(desk);
  const memberships = await readMemberships(database);
  const listed = await Promise.all(memberships.map((membership) => listedOf(desk, membership)));
  const copies = await inStorage("read the copies of files", () => database.getAll("copies"));
  const own = await Promise.all(memberships.map((place) => readOwnNumbers(database, place)));
  const keepings: Keepings = {
    memberships: listed.toSorted((a, b) => b.lastAt - a.lastAt),
    records: await recordsOf(desk, memberships),
    modelBytes: await desk.ports.models.bytes(),
    fileBytes: copies.reduce((sum, { size }) => sum + size, 0),
    ownNumbers: own.reduce((sum, count) => sum + count, 0),
  };
  desk.set({ keepings });
  return keepings;
}

async function listedOf(desk: Desk, membership: StoredMembership): Promise<Membership> {
  const { server, run, invitation, file, joinedAt, lastAt } = membership;
  const { report } = (await readJournal(storeOf(desk), membership)).reduce(remember, noMemory);
  return {
    ...{ server, run, joinedAt, lastAt, bytesUp: report.bytesUp },
    ...{ title: invitation.title, organiser: invitation.organiser },
    stage: stageKindOf(membership),
    fileName: file?.facts.name ?? null,
    roundsAccepted: report.rounds.filter(({ result }) => result === "accepted").length,
  };
}

async function recordsOf(
  desk: Desk,
  memberships: readonly StoredMembership[],
): Promise<readonly PrivacyRecord[]> {
  const names = new Map(
    memberships.flatMap(({ file }) =>
      file === null ? [] : [[file.facts.sha256, file.facts.name] as const],
    ),
  );
  const texts = await readLedgers(storeOf(desk));
  return texts.map((text) => {
    const ledger = openLedger(text, { hash: desk.ports.hash });
    const { dataset, delta } = ledger.key;
    const runs = [...new Set(ledger.rows.map(({ run }) => run))];
    const fileName = names.get(dataset) ?? null;
    return { dataset, fileName, delta, spent: spentOf(ledger), rows: ledger.rows.length, runs };
  });
}

/** By Renyi's accountant, which adds up whatever runs there were. */
function spentOf(ledger: Ledger): number {
  const events = ledgerEvents(ledger);
  if (events.length === 0) return 0;
  const { relation, delta } = ledger.key;
  return accountants.rdp.compose({ relation, events }).epsilon(delta).upper;
}

/** Deletes everything of this browser; the privacy records only when that was asked for. */
export async function deleteEverything(desk: Desk, what: Deletion): Promise<void> {
  const { road } = desk;
  if (road !== null) {
    // The coordinator is told: this device will not come back as the one that it was.
    await road.part?.stop({ isQuiet: false });
    road.line?.post({ type: "gone" });
    await closeRoad(desk);
  }
  const kept: readonly StoreName[] = what.privacyRecords ? [] : ["ledgers"];
  const stores = storeNames.filter((name) => !kept.includes(name));
  await inStorage("delete everything", async () => {
    const change = storeOf(desk).transaction(stores, "readwrite", durably);
    for (const name of stores) await change.objectStore(name).clear();
    await change.done;
  });
  await desk.ports.models.deleteAll();
  const front = { kind: "no-invitation" } as const;
  desk.set({ ...noRoad, front, settings: defaultSettings, keepings: null });
  await readKeepings(desk);
}

/** What has happened in a run, kept so that lists and sums are there again after a reload. */
import type { KeptHappening } from "../session/happenings.ts";
import { durably } from "./database.ts";
import type { ParticipantDatabase } from "./database.ts";
import { placeKey } from "./place.ts";
import type { Place } from "./place.ts";
import { inStorage } from "./storage-error.ts";

/** The happenings of a place, in their order; they are written by this very code alone. */
export async function readJournal(
  database: ParticipantDatabase,
  place: Place,
): Promise<readonly KeptHappening[]> {
  const values = await inStorage("read the list of what was sent", () =>
    database.getAll("happenings", entriesOf(placeKey(place))),
  );
  return values as readonly KeptHappening[];
}

/** Adds to it. */
export function journalWriter(
  database: ParticipantDatabase,
  place: Place,
): (happening: KeptHappening) => Promise<void> {
  const key = placeKey(place);
  return (happening) =>
    inStorage("write the list of what was sent", async () => {
      const change = database.transaction("happenings", "readwrite", durably);
      const last = await change.store.openKeyCursor(entriesOf(key), "prev");
      await change.store.add(happening, [key, (last?.key[1] ?? -1) + 1]);
      await change.done;
    });
}

/** The keys of a place's entries. */
export function entriesOf(key: string): IDBKeyRange {
  return IDBKeyRange.bound([key, 0], [key, Infinity]);
}

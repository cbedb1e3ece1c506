/** Forgetting one run of this browser. */
import { durably } from "../storage/database.ts";
import { entriesOf } from "../storage/journal.ts";
import { placeKey } from "../storage/place.ts";
import type { Place } from "../storage/place.ts";
import { inStorage } from "../storage/storage-error.ts";
import { storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { dropUnneeded } from "./file-step.ts";

/** Forgets its key, its record, its list, and the copy of its file where no other run needs it. */
export async function forget(desk: Desk, place: Place): Promise<void> {
  const database = storeOf(desk);
  const key = placeKey(place);
  await inStorage("delete what was kept of a run", async () => {
    const stores = ["records", "claims", "keys", "memberships", "happenings"] as const;
    const change = database.transaction(stores, "readwrite", durably);
    for (const part of [key, `${key} adapter`, `${key} corrupt`])
      await change.objectStore("records").delete(part);
    await change.objectStore("claims").delete(key);
    await change.objectStore("keys").delete(key);
    await change.objectStore("memberships").delete(key);
    await change.objectStore("happenings").delete(entriesOf(key));
    await change.done;
  });
  await dropUnneeded(desk);
}

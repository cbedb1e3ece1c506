/** What a run has written down of its rounds, for tests that weigh the updates by hand. */
import type { Digest, RoundRow, UpdateRow } from "@fedtune/core";
import type { MortalWorld } from "./mortal-world.ts";

/** Bytes before the values of an update's float32 blob. */
export const headerBytes = 48;

/** The values of a float32 blob after so many bytes. */
export async function valuesOf(
  { blobs }: MortalWorld,
  hash: Digest,
  from = 0,
): Promise<Float32Array> {
  const bytes = await blobs.get(hash);
  return new Float32Array(bytes.slice(from).buffer);
}

/** A finished round with the updates that it counted. */
export interface Played {
  readonly row: RoundRow;
  readonly updates: readonly UpdateRow[];
}

/** All finished rounds. */
export async function playedRounds({ store, setup }: MortalWorld): Promise<Played[]> {
  const history = await store.getHistory(setup.id);
  const all = (history?.rounds ?? []).map(async (row) => ({
    row,
    updates: await store.getUpdates(setup.id, row.round, row.accepted),
  }));
  return Promise.all(all);
}

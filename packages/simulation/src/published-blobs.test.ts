/** What a client of a run may read, and what is missing to it although it is stored. */
import { clientId } from "@fedtune/core";
import type { Digest } from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { openRawRun } from "./test-support/raw-run.ts";
import type { RawRun } from "./test-support/raw-run.ts";

const committed = async ({ store, setup }: RawRun) =>
  (await store.getHistory(setup.id))?.rounds ?? [];

/** Lets time pass until so many rounds are committed and the next one is ordered. */
async function untilRound(real: RawRun, count: number): Promise<void> {
  for (let k = 0; k < 50; k++) {
    await real.settle();
    if ((await committed(real)).length === count && real.clients[0]?.order?.round === count + 1)
      return;
    real.clock.advance();
  }
  throw new RangeError(`Cannot see round ${count}`);
}

/** A run of two clients that has finished so many rounds; what the first of them may read. */
async function playedRounds(rounds: number) {
  const real = await openRawRun({ numRounds: 5, minAvailableClients: 2 });
  const players = real.clients.slice(0, 2);
  for (const client of players) await real.join(client);
  const uploads: Digest[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const client of players) uploads.push(await real.deliver(client, { round, variant: 0 }));
    await untilRound(real, round);
  }
  const rows = await committed(real);
  const { at } = players[0]!;
  const download = (hash: Digest) => at!.life.events.download(at!.connection, hash);
  return { real, rows, uploads, download };
}

describe("the blobs of a run", () => {
  it("[TR6] gives clients what the model has published, of the round before too", async () => {
    const { rows, download } = await playedRounds(3);
    for (const { parts } of rows.slice(-2)) {
      expect(parts.length).toBeGreaterThan(0);
      for (const { blob } of parts) {
        expect(nodeHash.sha256(await download(blob.hash))).toBe(blob.hash);
      }
    }
  });

  it("[TR6] another client's upload and the method's state are as missing as what never was", async () => {
    const { real, rows, uploads, download } = await playedRounds(2);
    const published = new Set(rows.flatMap(({ parts }) => parts.map(({ blob }) => blob.hash)));
    const hidden = [
      ...uploads,
      ...rows.map(({ state }) => state.hash),
      ...rows.flatMap(({ adapters }) => adapters.map(({ model }) => model)),
    ].filter((hash) => !published.has(hash));
    expect(hidden.length).toBeGreaterThanOrEqual(uploads.length + rows.length);
    const never = nodeHash.sha256(new Uint8Array([1, 2, 3]));
    for (const hash of hidden) expect(await real.blobs.has(hash)).toBe(true);
    for (const hash of [...hidden, never]) {
      await expect(download(hash)).rejects.toMatchObject({
        code: "blob-missing",
        message: `Cannot find blob ${hash}`,
      });
    }
  });

  it("[TR6] what a client has uploaded and not announced is not readable either", async () => {
    const { real, download } = await playedRounds(1);
    const bytes = new Uint8Array(100).fill(7);
    const hash = nodeHash.sha256(bytes);
    const { at } = real.clients[1]!;
    const slot = { run: real.setup.id, round: 2, client: clientId("c1") };
    await at!.life.events.upload(at!.connection, slot, { bytes, hash });
    expect(await real.blobs.has(hash)).toBe(true);
    await expect(download(hash)).rejects.toMatchObject({ code: "blob-missing" });
  });
});

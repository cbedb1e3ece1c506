/** A slow client over sockets: what it brings late counts in the round after. */
import { memoryStore } from "@fedtune/core";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { honest, joinRun, rounds } from "./test-support/federation.ts";
import { keptForEach } from "./test-support/kept.ts";
import { toyServer, toySetup } from "./test-support/toy-run.ts";

const { folder, keep } = keptForEach("late");

describe("a live run that takes what is late", () => {
  it("[RE30] [RE11] goes on without its slow client, and counts its update in the next round", async () => {
    const store = memoryStore();
    const policy = { numRounds: 2, minFitClients: 2, minAvailableClients: 3, overSelection: 1.5 };
    const late = { fractionFit: 0.5, lateUpdates: "next-round" };
    const setup = toySetup({ participants: honest, rounds: { ...rounds, ...policy, ...late } });
    let release: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    let delivered: () => void = () => undefined;
    const second = new Promise<void>((resolve) => (delivered = resolve));
    const server = keep(
      await toyServer({
        store,
        runs: [
          {
            setup,
            listener: {
              roundCommitted: ({ round }) => {
                if (round === 1) release();
              },
              memberChanged: ({ round, member }) => {
                if (round === 2 && member.index === 2 && member.status === "accepted") delivered();
              },
            },
          },
        ],
      }),
    );
    const end = server.coordinator(setup.id).run();
    const { url } = server.address;
    const clients = honest.map((_, k) =>
      keep(
        joinRun({ url, stateDir: join(folder(), "state") }, k, ({ round }) => {
          if (k === 2) return first;
          return round === 2 ? second : undefined;
        }),
      ),
    );
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) expect(await client.done).toMatchObject({ kind: "finished" });
    expect((await store.getRound(setup.id, 1))?.accepted).toEqual([0, 1]);
    expect((await store.getRound(setup.id, 2))?.accepted).toContain(2);
    expect(await store.getUpdate(setup.id, 2, 2)).toMatchObject({ index: 2, round: 2, base: 0 });
  });
});

import { memoryStore } from "@fedtune/core";
import type { RunEnd, Store } from "@fedtune/core";
import { expectSameBits, mailbox } from "@fedtune/testkit";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFolderBlobs } from "./folder-blobs.ts";
import { joinRun, participants, rounds, simulated } from "./test-support/federation.ts";
import { keptForEach } from "./test-support/kept.ts";
import { toyServer, toySetup } from "./test-support/toy-run.ts";

const numRounds = 6;
const setup = toySetup({ participants, rounds: { ...rounds, numRounds, minAvailableClients: 3 } });

const { folder, keep } = keptForEach("restart");

/** A server process' life: opens store and folder as they are and goes on with the run. */
async function serve(
  store: Store,
  port: number,
  roundCommitted: (round: number) => void = () => undefined,
) {
  const listener = {
    roundCommitted: ({ round }: { round: number }) => {
      roundCommitted(round);
    },
  };
  const blobs = await openFolderBlobs(join(folder(), "blobs"));
  const server = keep(await toyServer({ port, store, blobs, runs: [{ setup, listener }] }));
  const coordinator = server.coordinator(setup.id);
  const end: Promise<RunEnd> = coordinator.run();
  return { server, coordinator, end, port: server.address.port };
}

describe("a run that is interrupted", () => {
  it("[RE10] [TR7] goes on after a restart of its server: clients come back by themselves, same bytes", async () => {
    const store = memoryStore();
    const third = mailbox<number>();
    const { server, port } = await serve(store, 0, (round) => {
      if (round === 3) third.put(round);
    });
    const where = { url: server.address.url, stateDir: join(folder(), "state") };
    const clients = [0, 1, 2].map((k) => keep(joinRun(where, k)));
    await third.take();
    await server.close();
    const again = await serve(store, port);
    expect(await again.end).toEqual({ status: "completed", failure: null });
    for (const client of clients) expect((await client.done).kind).toBe("finished");
    expectSameBits(again.coordinator.adapter(), await simulated(numRounds));
  });

  it("[CL2] [CL6] goes on when a client leaves in the middle of a round and comes back from its files", async () => {
    const { server, coordinator, end } = await serve(memoryStore(), 0);
    const where = { url: server.address.url, stateDir: join(folder(), "state") };
    const others = [0, 1].map((k) => keep(joinRun(where, k)));
    const inThird = new Promise<void>((resolve) => {
      const leaving = keep(
        joinRun(where, 2, ({ round }) => {
          if (round !== 3) return;
          void leaving.close().then(resolve);
        }),
      );
    });
    await inThird;
    const back = keep(joinRun(where, 2));
    expect((await end).status).toBe("completed");
    for (const client of [...others, back]) expect((await client.done).kind).toBe("finished");
    expect(coordinator.state().round).toBe(numRounds);
  });
});

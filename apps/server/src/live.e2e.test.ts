import type { ErrorCode, MessageOf, RoundRow } from "@fedtune/core";
import { expectSameBits } from "@fedtune/testkit";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFolderBlobs } from "./folder-blobs.ts";
import { honest, joinRun, participants, rounds, simulated } from "./test-support/federation.ts";
import type { Meanwhile } from "./test-support/federation.ts";
import { keptForEach } from "./test-support/kept.ts";
import { rawClient, updateOf } from "./test-support/raw-client.ts";
import type { RawClient } from "./test-support/raw-client.ts";
import { tcpProxy } from "./test-support/tcp-proxy.ts";
import { layout, toyServer, toySetup } from "./test-support/toy-run.ts";

const { folder, keep } = keptForEach("live");

function join3(url: string, k: number, meanwhile?: Meanwhile) {
  return keep(joinRun({ url, stateDir: join(folder(), "state") }, k, meanwhile));
}

async function served(options: {
  readonly numRounds: number;
  readonly minAvailableClients: number;
}) {
  const committed: RoundRow[] = [];
  const refused: { client: string; code: ErrorCode; round: number | null }[] = [];
  const setup = toySetup({ participants, rounds: { ...rounds, ...options } });
  const server = keep(
    await toyServer({
      blobs: await openFolderBlobs(join(folder(), "blobs")),
      runs: [
        {
          setup,
          listener: {
            roundCommitted: (row) => committed.push(row),
            refused: ({ client, code, round }) => refused.push({ client, code, round }),
          },
        },
      ],
    }),
  );
  return { server, coordinator: server.coordinator(setup.id), committed, refused };
}

describe("a live run", () => {
  it("[RE13] [TR7] [TR3] equals its simulation bit for bit, with a client whose wire is cut again and again", async () => {
    const numRounds = 8;
    const { server, coordinator, committed, refused } = await served({
      numRounds,
      minAvailableClients: 3,
    });
    const wire = keep(await tcpProxy(server.address.port));
    const end = coordinator.run();
    const clients = [
      join3(server.address.url, 0),
      join3(server.address.url, 1),
      // Cut while it trains, and again about when it uploads.
      join3(wire.url, 2, async ({ round }) => {
        wire.cut();
        if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
        setTimeout(wire.cut, round);
      }),
    ];
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) {
      expect(await client.done).toEqual({
        kind: "finished",
        status: "completed",
        rounds: numRounds,
      });
    }
    expect(committed.map((row) => row.accepted)).toEqual(
      Array.from({ length: numRounds }, () => [0, 1, 2]),
    );
    expect(refused).toEqual([]);
    expectSameBits(coordinator.adapter(), await simulated(numRounds));
  });

  it("[RE13] [RE6] [RE7] [RE8] [TR8] equals it also beside a client that does everything wrong", async () => {
    const { server, coordinator, committed, refused } = await served({
      numRounds: 4,
      minAvailableClients: 4,
    });
    const end = coordinator.run();
    const mallory = keep(await rawClient(server.address.url, "mallory"));
    // Nobody else delivers before Mallory has had his turn in the round.
    const turns = [1, 2, 3, 4].map(() => gate());
    const clients = honest.map((_, k) =>
      join3(server.address.url, k, ({ round }) => turns[round - 1]?.opened),
    );
    await mallory.enrol();
    const moves = [sendNaN, sendWrongShape, sendTooMuch, sendForTheWrongRound];
    for (const [i, move] of moves.entries()) {
      const order = await mallory.hear("order");
      expect(order.round).toBe(i + 1);
      await move(mallory, order);
      turns[i]?.open();
    }
    expect(await mallory.hear("finished")).toMatchObject({ status: "completed", rounds: 4 });
    expect(await end).toEqual({ status: "completed", failure: null });
    for (const client of clients) expect((await client.done).kind).toBe("finished");
    expect(committed.map((row) => row.accepted)).toEqual([1, 2, 3, 4].map(() => [0, 1, 2]));
    expect(committed.map((row) => row.refusals)).toEqual([
      { "not-finite": 1, "update-conflict": 1 },
      { "shape-mismatch": 1 },
      // What is too large is refused on the way in and does not reach the round.
      { cancelled: 1 },
      { "late-update": 1, "wrong-round": 1, "training-failed": 1 },
    ]);
    expect(refused.every(({ client }) => client === "mallory")).toBe(true);
    expectSameBits(coordinator.adapter(), await simulated(4));
  });
});

function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

type Order = MessageOf<"order">;
type Move = (mallory: RawClient, order: Order) => Promise<void>;

const sendNaN: Move = async (mallory, order) => {
  const bytes = updateOf(order, new Float32Array(layout.size));
  new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, NaN, true);
  await mallory.deliver(order, bytes);
  expect((await mallory.hear("refused")).code).toBe("not-finite");
  // A second try with good bytes comes too late: the slot is decided.
  await mallory.deliver(order, updateOf(order, new Float32Array(layout.size)));
  expect((await mallory.hear("refused")).code).toBe("update-conflict");
};

const sendWrongShape: Move = async (mallory, order) => {
  await mallory.deliver(order, updateOf(order, new Float32Array(layout.size - 1)));
  expect((await mallory.hear("refused")).code).toBe("shape-mismatch");
};

const sendTooMuch: Move = async (mallory, order) => {
  const huge = new Uint8Array(50_000_000);
  await expect(mallory.deliver(order, huge)).rejects.toMatchObject({ code: "update-too-large" });
  const close = new Uint8Array(layout.size * 4 + 4097);
  await expect(mallory.deliver(order, close)).rejects.toMatchObject({ code: "update-too-large" });
  decline(mallory, order, "cancelled");
};

const sendForTheWrongRound: Move = async (mallory, order) => {
  const values = new Float32Array(layout.size);
  const late = { ...order, round: 1 };
  await mallory.deliver(late, updateOf(late, values));
  expect((await mallory.hear("refused")).code).toBe("late-update");
  const early = { ...order, round: 9 };
  await mallory.deliver(early, updateOf(early, values));
  expect((await mallory.hear("refused")).code).toBe("wrong-round");
  decline(mallory, order, "training-failed");
};

function decline(mallory: RawClient, { run, round, attempt }: Order, code: ErrorCode): void {
  mallory.say({ type: "declined", run, round, attempt, code, message: "no" });
}

import { float32Bytes, gatherRoles, memoryBlobs, selectRoles } from "@fedtune/core";
import type { Blobs, FactorRole, Passage, RunHistory } from "@fedtune/core";
import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { layout, recordedRun } from "./test-support/recorded-run.ts";
import type { Task } from "./test-support/recorded-run.ts";

const numClients = 4;
const shared: readonly FactorRole[] = ["down"];
const personal: readonly FactorRole[] = ["up", "head"];

const run = {
  name: "personal",
  method: { name: "fedsa-lora" },
  rounds: {
    numRounds: 4,
    minAvailableClients: numClients,
    minFitClients: 3,
    roundTimeoutMs: 60_000,
  },
};

/** A run with everything that left a client written down. */
async function recorded(fate?: (passage: Passage) => readonly number[]) {
  const bytes: Uint8Array[] = [];
  const messages: string[] = [];
  const memory = memoryBlobs();
  const blobs: Blobs = {
    ...memory,
    put: (blob, hash) => (bytes.push(blob.slice()), memory.put(blob, hash)),
  };
  const { tasks, history, adapter, end } = await recordedRun(run, numClients, {
    blobs,
    verify: true,
    fate: (passage) => (messages.push(passage.message), fate?.(passage) ?? [0]),
  });
  expect(end).toEqual({ status: "completed", failure: null });
  const taskOf = (client: number, round: number): Task =>
    tasks.find((task) => task.client === client && task.round === round)!;
  return { tasks, taskOf, bytes, messages, history, adapter };
}

/** Delays what a client announces in a round until the round is over. */
function late(client: number, round: number) {
  return ({ direction, name, message }: Passage): readonly number[] => {
    if (direction === "down" || name !== `client-${client}`) return [0];
    const { type, round: about } = JSON.parse(message) as { type: string; round?: number };
    return type === "update" && about === round ? [90_000] : [0];
  };
}

/** Pairs of values side by side, as their bytes: what a search through a blob would find. */
function pairsOf(values: Float32Array): string[] {
  const bytes = float32Bytes(values);
  const pairs: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 4) {
    if (bytes.subarray(at, at + 8).some((byte) => byte !== 0))
      pairs.push(latin(bytes.subarray(at, at + 8)));
  }
  return pairs;
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

const own = (values: Float32Array): Float32Array => gatherRoles(layout, values, personal);
const common = (values: Float32Array): Float32Array => gatherRoles(layout, values, shared);
const accepted = ({ rounds }: RunHistory) => rounds.map((row) => row.accepted);

describe("personal factors in a run", () => {
  it("[CL1] [AG10] B and the head of no client ever travel, neither as values nor as changes", async () => {
    const { tasks, bytes, messages, history } = await recorded();
    const everything = bytes.map(latin);
    const travels = (pair: string): boolean => everything.some((blob) => blob.includes(pair));
    expect(tasks).toHaveLength(numClients * 4);
    for (const { start, trained } of tasks) {
      const change = own(trained).map((value, i) => value - own(start)[i]!);
      for (const secret of [...pairsOf(own(trained)), ...pairsOf(change)])
        expect(travels(secret)).toBe(false);
    }
    // The search does find what is meant to travel.
    const sent = tasks.flatMap(({ start, trained }) =>
      pairsOf(common(trained).map((value, i) => value - common(start)[i]!)),
    );
    expect(sent.filter(travels).length).toBeGreaterThan(0.8 * sent.length);
    const size = 48 + 4 * selectRoles(layout, shared).size;
    for (const { traffic } of history.rounds) expect(traffic.bytesUp).toBe(numClients * size);
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThan(4096);
  });

  it("[CL3] each client goes on from its own B and head and from everybody's A", async () => {
    const { taskOf, history, adapter } = await recorded();
    expect(accepted(history)).toEqual([1, 2, 3, 4].map(() => [0, 1, 2, 3]));
    for (let round = 2; round <= 4; round++) {
      for (let client = 0; client < numClients; client++) {
        const { start } = taskOf(client, round);
        expectSameBits(own(start), own(taskOf(client, round - 1).trained));
        expectSameBits(common(start), common(taskOf(0, round).start));
        if (client > 0) expect(own(start)).not.toEqual(own(taskOf(client - 1, round).start));
      }
      expect(common(taskOf(0, round).start)).not.toEqual(common(taskOf(0, round - 1).start));
    }
    expectSameBits(own(adapter), own(taskOf(0, 1).start), "personal factors of the coordinator");
  });

  it("[CL3] a refused update drops the B and head that were trained with it", async () => {
    const { taskOf, history } = await recorded(late(2, 2));
    expect(accepted(history)).toEqual([
      [0, 1, 2, 3],
      [0, 1, 3],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
    const [first, second, third] = [1, 2, 3].map((round) => taskOf(2, round));
    expectSameBits(own(second!.start), own(first!.trained));
    expectSameBits(own(third!.start), own(first!.trained), "factors after a refusal");
    expect(own(third!.start)).not.toEqual(own(second!.trained));
    expectSameBits(common(third!.start), common(taskOf(0, 3).start));
    expectSameBits(own(taskOf(2, 4).start), own(third!.trained));
    expectSameBits(
      own(taskOf(1, 3).start),
      own(taskOf(1, 2).trained),
      "factors of a client that was accepted",
    );
  });
});

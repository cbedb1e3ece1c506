/** A client whose memory runs out in a round: it declines, nobody waits for it, and it takes part in the next one. */
import { factorRoles, FedtuneError, gatherRoles, runId } from "@fedtune/core";
import type { Plan, Trainer, TrainResult } from "@fedtune/core";
import { expectClose, expectSameBits, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { playInMemory, saidBy } from "./test-support/memory-run.ts";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];
const POOR = 1;
const SHORT_ROUND = 2;

/** What one client was given to train from and made of it, round by round. */
interface Trained {
  readonly starts: Map<number, Float32Array>;
  readonly results: Map<number, TrainResult>;
}

/** The toy's trainer, written down; `failure` is what it throws in the round for which memory is short. */
function recorded(failure: Error | null): Trained & { readonly trainer: Trainer } {
  const toy = toyTrainer(layout);
  const [starts, results] = [new Map<number, Float32Array>(), new Map<number, TrainResult>()];
  const trainer: Trainer = {
    ...toy,
    async train(job, control) {
      starts.set(job.round, job.start.slice());
      if (failure !== null && job.round === SHORT_ROUND) {
        control.onProgress?.({ done: 1, total: 3 });
        throw failure;
      }
      const result = await toy.train(job, control);
      results.set(job.round, result);
      return result;
    },
  };
  return { starts, results, trainer };
}

/** The mean of vectors. */
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = vectors;
  return first.map((_, i) => vectors.reduce((sum, own) => sum + own[i]!, 0) / vectors.length);
}

/** Plays a run in which the memory of one of three clients runs out in round 2. */
async function play(method: string, failure: Error) {
  const told: unknown[] = [];
  const listener = {
    declined: ({ round, message }: { round: number; message: string }) =>
      void told.push(["declined", round, message]),
    delivered: ({ round, accepted }: { round: number; accepted: boolean }) =>
      void told.push(["delivered", round, accepted]),
  };
  const clients = [0, 1, 2].map((index) => recorded(index === POOR ? failure : null));
  const participants = clients.map(({ trainer }, index) => ({
    ...{ trainer, data: toyData(index, 10) },
    ...(index === POOR ? { listener } : {}),
  }));
  const config = {
    ...{ adapter: { rank: 2 }, method: { name: method }, training: { learningRate: 0.2 } },
  };
  const played = await playInMemory(participants, { shape: { layout, modules }, config });
  return { ...played, told, clients };
}

/** As the trainer says it, and as a runtime does. */
const failures = [
  new FedtuneError("training-failed", "Cannot train: one example of length 512 is too much", {
    data: { reason: "out-of-memory", length: 512 },
  }),
  new RangeError("Array buffer allocation failed: row 17 of /home/anna/diary.tsv"),
];

describe.each(["fedavg", "fedsa-lora"])("under %s", (method) => {
  it.each(failures)(
    "[CL5] a client whose memory runs out ($name) declines the round and takes part in the next",
    async (failure) => {
      const { end, sessions, told, rounds, heard, tookMs, states } = await play(method, failure);
      expect(end.status).toBe("completed");
      expect(sessions.map(({ kind }) => kind)).toEqual(["finished", "finished", "finished"]);
      // Its owner is told what happened, once; the coordinator only that it did.
      expect(told).toEqual([
        ["delivered", 1, true],
        ["declined", SHORT_ROUND, failure.message],
        ["delivered", 3, true],
      ]);
      expect(saidBy(heard, "declined")).toEqual([
        expect.objectContaining({ round: SHORT_ROUND, code: "training-failed" }),
      ]);
      expect(JSON.stringify(heard)).not.toContain(failure.message);
      expect(rounds.map(({ accepted }) => accepted)).toEqual([
        [0, 1, 2],
        [0, 2],
        [0, 1, 2],
      ]);
      expect(rounds.map(({ declined }) => declined)).toEqual([0, 1, 0]);
      // Nobody waited for a deadline.
      expect(tookMs).toBeLessThan(1000);
      expect((await states[POOR]!.load(runId("memory")))?.pending).toBeNull();
    },
  );

  it("[CL5] round 3 begins with what the others made of round 2, and with its own factors of round 1", async () => {
    const { heard, clients } = await play(method, failures[0]!);
    const [order] = saidBy(heard, "order");
    const own = (order?.["plan"] as Plan).personal;
    expect(own.length > 0).toBe(method === "fedsa-lora");
    const shared = factorRoles.filter((role) => !own.includes(role));
    const [poor, ...others] = [clients[POOR]!, clients[0]!, clients[2]!];
    const next = poor.starts.get(3)!;
    const made = others.map(({ results }) => gatherRoles(layout, results.get(2)!.factors, shared));
    expectClose(gatherRoles(layout, next, shared), meanOf(made), 1e-6);
    const kept = gatherRoles(layout, poor.results.get(1)!.factors, own);
    expectSameBits(gatherRoles(layout, next, own), kept);
  });
});

/** What every client state must do alike. */
import { runId } from "@fedtune/core";
import type { ClientRecord, ClientState, PendingUpdate } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectSameBits } from "../compare.ts";
import { nodeHash } from "../hash.ts";

/** An implementation with its end. */
export interface ClientStateBench {
  readonly state: ClientState;
  /** Another state over the same data, as a later process would open it. */
  reopen(): Promise<ClientState>;
  close(): Promise<void>;
}

/**
 * A record in which every part is there and follows from `seed`, so that a mixture of two can be told from both.
 *
 * `size` values in each vector, with NaN, infinities, -0 and the smallest float among them.
 */
export function recordOf(seed: number, size = 6): ClientRecord {
  const values = Float32Array.from({ length: size }, (_, i) => seed + i / 7);
  values.set([NaN, Infinity, -Infinity, -0, 1e-45].slice(0, size));
  const bytes = Uint8Array.from({ length: 4 * size }, (_, i) => (seed * 31 + i) % 256);
  const pending: PendingUpdate = {
    ...{ round: seed + 1, bytes, hash: nodeHash.sha256(bytes), examples: seed },
    metrics: { loss: seed / 3, perplexity: Infinity, odd: NaN },
    nextPersonal: values.map((value) => value * 2),
    nextUnsent: values.map((value) => value * 3),
  };
  const held = { round: seed, rank: 2, values };
  const unsent = { round: seed + 2, values: values.map((value) => value - 1) };
  const personal = values.map((value) => value + 1);
  return { run: runId("suite"), held, personal, unsent, pending };
}

/** Fails unless two records are equal bit for bit. */
export function expectSameRecord(actual: ClientRecord | null, expected: ClientRecord): void {
  const vectors = (record: ClientRecord | null) => [
    record?.held?.values ?? null,
    record?.personal ?? null,
    record?.pending?.nextPersonal ?? null,
    record?.unsent?.values ?? null,
    record?.pending?.nextUnsent ?? null,
  ];
  const expectedVectors = vectors(expected);
  vectors(actual).forEach((vector, i) => {
    const wanted = expectedVectors[i] ?? null;
    if (vector === null || wanted === null) expect(vector).toBe(wanted);
    else expectSameBits(vector, wanted);
  });
  const rest = (record: ClientRecord | null) => ({
    run: record?.run,
    held: record?.held && [record.held.round, record.held.rank],
    unsent: record?.unsent?.round,
    pending: record?.pending && {
      ...record.pending,
      bytes: [...record.pending.bytes],
      nextPersonal: null,
      nextUnsent: null,
    },
  });
  expect(rest(actual)).toEqual(rest(expected));
}

/** Holds a client state to the contract of the port. */
export function clientStateConformance(name: string, open: () => Promise<ClientStateBench>): void {
  describe(`${name} client state`, () => {
    let bench: ClientStateBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    it("[CL2] knows nothing of a run before its first save", async () => {
      expect(await bench.state.load(runId("suite"))).toBeNull();
    });

    it.each<[string, Partial<ClientRecord>]>([
      ["everything", {}],
      ["nothing held", { held: null }],
      ["nothing personal", { personal: null }],
      ["nothing unsent", { unsent: null }],
      ["nothing pending", { pending: null }],
      ["nothing at all", { held: null, personal: null, unsent: null, pending: null }],
      [
        "an update without personal factors",
        { pending: { ...recordOf(3).pending!, nextPersonal: null } },
      ],
      [
        "an update that leaves nothing unsent",
        { pending: { ...recordOf(3).pending!, nextUnsent: null } },
      ],
    ])(
      "[CL2] [ST5] gives a record back bit for bit, in a later process too: %s",
      async (_, part) => {
        const record = { ...recordOf(3), ...part };
        await bench.state.save(record);
        expectSameRecord(await bench.state.load(record.run), record);
        expectSameRecord(await (await bench.reopen()).load(record.run), record);
      },
    );

    it("[ST5] replaces a record as a whole", async () => {
      await bench.state.save(recordOf(1, 50));
      const next = { ...recordOf(2), pending: null };
      await bench.state.save(next);
      expectSameRecord(await bench.state.load(next.run), next);
    });

    it("[ST5] saves in the order of the calls when they overlap", async () => {
      const records = Array.from({ length: 20 }, (_, i) => recordOf(i, 1 + ((i * 7) % 40)));
      await Promise.all(records.map((record) => bench.state.save(record)));
      expectSameRecord(await bench.state.load(runId("suite")), records.at(-1)!);
    });

    it("[CL2] keeps runs apart", async () => {
      const one = { ...recordOf(1), run: runId("one") };
      const two = { ...recordOf(2), run: runId("two") };
      await Promise.all([bench.state.save(one), bench.state.save(two)]);
      expectSameRecord(await bench.state.load(one.run), one);
      expectSameRecord(await bench.state.load(two.run), two);
    });
  });
}

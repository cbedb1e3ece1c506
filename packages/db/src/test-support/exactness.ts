/** What was written comes back bit for bit. */
import type { Store } from "@fedtune/core";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Database } from "../client.ts";
import { LEDGER_START, ledgerHash } from "../store/ledger.ts";
import { attemptOf, hashOf, roundOf, run, runRow, updateOf } from "./rows.ts";

const hardNumbers = [-0, 1e-300, 1e308, 0.1 + 0.2, 5e-324, -2.2250738585072009e-308, 2 ** 53 - 1];

export function exactness(open: () => Promise<Store>, database: () => Database): void {
  it.each(hardNumbers)("[ST2] reads %d back bit for bit", async (number) => {
    const store = await open();
    const config = { number, list: [number, null, { number }] };
    const { epoch } = await store.openRun({ ...runRow, config });
    await store.openAttempt(run, epoch, attemptOf(1));
    const update = { ...updateOf(1, 0), metrics: { number }, norm: Math.abs(number) };
    await store.putUpdate(run, epoch, update);
    const evaluation = { round: 0, metrics: { number }, traffic: null };
    await store.putEvaluation(run, epoch, evaluation);
    await store.commitRound(run, epoch, roundOf(1, { training: { number } }));
    expect(await store.getUpdate(run, 1, 0)).toEqual(update);
    expect(await store.getHistory(run)).toMatchObject({
      ...{ run: { config }, evaluations: [evaluation] },
      rounds: [roundOf(1, { training: { number } })],
    });
  });

  it("[ST2] reads any JSON back as it was, its keys in their order", async () => {
    const store = await open();
    let round = 0;
    const { epoch } = await store.openRun(runRow);
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string({ unit: "binary" }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
        async (training) => {
          round++;
          const row = roundOf(round, { training: { ...training } });
          await store.commitRound(run, epoch, row);
          await store.commitRound(run, epoch, row);
          const read = await store.getRound(run, round);
          expect(read?.training).toEqual(row.training);
          expect(Object.keys(read?.training ?? {})).toEqual(Object.keys(row.training));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("[ST10] drops what the end of an attempt does not name, also of clients outside of its cohort", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, { ...attemptOf(1), cohort: [0] });
    for (const index of [0, 1, 2]) await store.putUpdate(run, epoch, updateOf(1, index));
    const end = { round: 1, attempt: 1, status: "closed", accepted: [0, 2] } as const;
    await store.endAttempt(run, epoch, end);
    const kept = await store.getUpdates(run, 1, [0, 1, 2]);
    expect(kept.map(({ index }) => index)).toEqual([0, 2]);
  });

  it("[ST11] stores a message with a character that text cannot hold, once", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    await store.openAttempt(run, epoch, attemptOf(1));
    const refusal = { round: 1, attempt: 1, index: 0, hash: null, code: "not-finite" } as const;
    for (let time = 0; time < 2; time++) {
      await store.putRefusal(run, epoch, { ...refusal, message: "a\0b" });
    }
    const history = await store.getHistory(run);
    expect(history?.refusals).toEqual([{ ...refusal, message: "a\uFFFDb" }]);
  });

  it("[ST11] writes what a round spends into the run's ledger, chained, once", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    const spent = (round: number) => [{ mechanism: "gaussian", steps: round }, { steps: 0.1 }];
    for (const round of [1, 1, 2]) {
      const privacy = { metrics: {}, state: "", events: spent(round) };
      await store.commitRound(run, epoch, roundOf(round, { privacy }));
    }
    const { rows } = await database().pool.query<
      Parameters<typeof ledgerHash>[0] & { hash: string }
    >("SELECT run_id AS run, sequence, round, event, previous, hash FROM ledger ORDER BY sequence");
    expect(rows.map(({ event }) => event)).toEqual([...spent(1), ...spent(2)]);
    expect(rows.map(({ sequence, round }) => [sequence, round])).toEqual([
      ...[
        [1, 1],
        [2, 1],
        [3, 2],
        [4, 2],
      ],
    ]);
    let previous = LEDGER_START;
    for (const { hash, ...row } of rows) {
      expect(row.previous).toBe(previous);
      expect(ledgerHash(row)).toBe(hash);
      previous = hash;
    }
  });

  it("[ST2] names the blobs of a round: state, parts and models", async () => {
    const store = await open();
    const { epoch } = await store.openRun(runRow);
    await store.commitRound(run, epoch, roundOf(1));
    const { rows } = await database().pool.query(
      "SELECT hash, bytes FROM round_blobs ORDER BY bytes",
    );
    expect(rows).toEqual([
      { hash: hashOf("state 1"), bytes: "12" },
      { hash: hashOf("model 1"), bytes: null },
    ]);
  });
}

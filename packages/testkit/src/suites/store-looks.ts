/** What stores must tell those who look at a run: sums of participants, one round in full, one number per round. */
import { clientId, runId } from "@fedtune/core";
import type { MemberRow, SeriesQuery, Store } from "@fedtune/core";
import { expect, it } from "vitest";
import { openFirst } from "./store-attempts.ts";
import type { StoreBench } from "./store.ts";
import {
  attemptRow,
  memberRow,
  refusalRow,
  roundRow,
  run,
  runRow,
  updateRow,
} from "./store-rows.ts";

const device = { backend: "webgpu", platform: 'Chromium "156"', threads: 8 };
const members: readonly MemberRow[] = [
  memberRow(0),
  memberRow(1, { status: "refused", acceptedMs: null, refusedMs: 9, code: "not-finite" }),
  memberRow(2, { status: "declined", acceptedMs: null, startedMs: null, code: "training-failed" }),
  memberRow(3, { status: "training", acceptedMs: null, bytesUp: 0, message: "a\u2028b" }),
];
const closed = { round: 1, attempt: 1, accepted: [0], status: "closed", members } as const;

async function sumsOf(store: Store) {
  const { rows, examplesSum } = await store.getParticipants(run, { from: 0, limit: 10 });
  return { rows, examplesSum };
}

async function enrolled(store: Store): Promise<number> {
  const epoch = await openFirst(store);
  for (const name of ["ada", "bob", "cy", "dee"])
    await store.enrol(run, clientId(name), { roster: null });
  return epoch;
}

export function lookRules(at: () => StoreBench): void {
  it("keeps what a client says of itself, the last word", async () => {
    const bench = at();
    await bench.store.openRun(runRow());
    const ada = clientId("ada");
    await bench.store.enrol(run, ada, { roster: null });
    const [silent] = (await sumsOf(bench.store)).rows;
    expect(silent).toMatchObject({ client: "ada", index: 0, software: null, device: null });
    await bench.store.enrol(run, ada, { roster: null, software: "one", device });
    expect((await sumsOf(bench.store)).rows).toMatchObject([{ software: "one", device }]);
    await bench.store.enrol(run, ada, { roster: null, software: "two", device });
    const [told] = (await sumsOf(await bench.reopen())).rows;
    expect(told).toMatchObject({ software: "two", device, ordered: 0, lastRound: null });
    for (const date of [told?.joinedAt, told?.lastSeen])
      expect(new Date(date ?? "").toISOString()).toBe(date);
  });

  it("adds what became of members to the sums of their participants, once", async () => {
    const bench = at();
    const epoch = await enrolled(bench.store);
    for (let time = 0; time < 2; time++) await bench.store.endAttempt(run, epoch, closed);
    const given = { ...closed, status: "abandoned", code: "zero-weight", message: "" } as const;
    await bench.store.endAttempt(run, epoch, given);
    const one = { ordered: 1, accepted: 0, refused: 0, declined: 0, late: 0, timed: 0 };
    const { rows, examplesSum } = await sumsOf(await bench.reopen());
    expect(rows).toMatchObject([
      {
        ...{ ...one, accepted: 1, timed: 1, trainingSeconds: 1 / 3, lastRound: 1 },
        ...{ examples: 10, examplesSum: 10, bytesUp: 64, bytesDown: 128 },
      },
      { ...one, refused: 1, examples: null, examplesSum: 0, lastRound: null, trainingSeconds: 0 },
      { ...one, declined: 1, bytesUp: 64 },
      { ...one, bytesUp: 0, bytesDown: 128 },
    ]);
    expect(examplesSum).toBe(10);
  });

  it("adds up over attempts and rounds; a later update without a time counts no time", async () => {
    const { store } = at();
    const epoch = await enrolled(store);
    await store.endAttempt(run, epoch, closed);
    await store.commitRound(run, epoch, roundRow(1));
    await store.openAttempt(run, epoch, attemptRow(1, { round: 2 }));
    const again = [memberRow(0, { examples: 30, trainingSeconds: null })];
    await store.endAttempt(run, epoch, { ...closed, round: 2, members: again });
    const { rows, examplesSum } = await sumsOf(store);
    expect(rows[0]).toMatchObject({
      ...{ ordered: 2, accepted: 2, timed: 1, trainingSeconds: 1 / 3, lastRound: 2 },
      ...{ examples: 30, examplesSum: 40, bytesUp: 128, bytesDown: 256 },
    });
    expect([rows[1]?.ordered, examplesSum]).toEqual([1, 40]);
  });

  it("counts an update that came late once, however often it comes", async () => {
    const { store } = at();
    const epoch = await enrolled(store);
    const late = refusalRow(1, { code: "late-update" });
    for (const row of [late, late, refusalRow(1), refusalRow(2)])
      await store.putRefusal(run, epoch, row);
    expect((await sumsOf(store)).rows.map((row) => row.late)).toEqual([0, 1, 0, 0]);
  });

  it("tells a round with its attempts, its refusals and its members", async () => {
    const bench = at();
    const epoch = await enrolled(bench.store);
    const update = updateRow(0, { member: memberRow(0) });
    expect(await bench.store.putUpdate(run, epoch, update)).toBe("stored");
    await bench.store.putRefusal(run, epoch, refusalRow(1));
    const open = await (await bench.reopen()).getRoundDetails(run, 1);
    expect(open).toMatchObject({ row: null, committedAt: null, evaluation: null });
    expect(open?.attempts).toMatchObject([{ ...attemptRow(), status: "open", members: null }]);
    expect(open?.updates).toEqual([update]);
    const given = { ...closed, accepted: [0], status: "abandoned" } as const;
    const why = { code: "quorum-missed", message: "one of two" } as const;
    await bench.store.endAttempt(run, epoch, { ...given, ...why });
    await bench.store.openAttempt(run, epoch, attemptRow(2));
    await bench.store.endAttempt(run, epoch, { ...closed, attempt: 2, members: [] });
    await bench.store.commitRound(run, epoch, roundRow(1));
    const evaluation = { round: 1, metrics: { loss: 0.1 }, traffic: null };
    await bench.store.putEvaluation(run, epoch, evaluation);
    const told = await (await bench.reopen()).getRoundDetails(run, 1);
    expect(told).toMatchObject({ row: roundRow(1), evaluation, refusals: [refusalRow(1)] });
    expect(told?.attempts).toMatchObject([
      { ...attemptRow(), status: "abandoned", ...why },
      { ...attemptRow(2), status: "closed", code: null, message: null, members: [] },
    ]);
    expect(told?.attempts[0]?.members).toEqual(members);
    const { attempts, refusals, committedAt } = told!;
    const dates = [
      committedAt,
      attempts[0]?.openedAt,
      attempts[0]?.endedAt,
      refusals[0]?.refusedAt,
    ];
    for (const date of dates) expect(new Date(date ?? "").toISOString()).toBe(date);
  });

  it("has no round that has not begun, and none of a run that is not there", async () => {
    const { store } = at();
    await store.openRun(runRow());
    expect(await store.getRoundDetails(run, 1)).toBeNull();
    const stranger = store.getRoundDetails(runId("stranger"), 1);
    await expect(stranger).rejects.toMatchObject({ code: "run-unknown" });
  });

  it("gives one finite number per round, and leaves out those that are none", async () => {
    const bench = at();
    const { epoch } = await bench.store.openRun(runRow());
    const losses = [1 / 3, Number.NaN, -0.25, 1e-300];
    for (const [at, loss] of losses.entries()) {
      const row = roundRow(at + 1, { training: { loss }, ...(at === 0 ? { privacy: null } : {}) });
      await bench.store.commitRound(run, epoch, row);
      const metrics = { accuracy: at / 7, "macro F1": at };
      await bench.store.putEvaluation(run, epoch, { round: at, metrics, traffic: null });
    }
    const store = await bench.reopen();
    const read = (of: SeriesQuery["of"], from = 0, to = 100) =>
      store.getSeries(run, { of, from, to });
    const training = { section: "training", name: "loss" } as const;
    expect(await read(training)).toEqual([
      [1, 1 / 3],
      [3, -0.25],
      [4, 1e-300],
    ]);
    expect(await read(training, 2, 3)).toEqual([[3, -0.25]]);
    const accuracy = { section: "evaluation", name: "accuracy" } as const;
    expect(await read(accuracy, 0, 2)).toEqual([
      [0, 0],
      [1, 1 / 7],
      [2, 2 / 7],
    ]);
    expect(await read({ section: "evaluation", name: "macro F1" }, 3)).toEqual([[3, 3]]);
    expect(await read({ section: "privacy", name: "clipNorm" })).toEqual([
      [2, 0.1],
      [3, 0.1],
      [4, 0.1],
    ]);
    expect(await read({ section: "traffic", name: "bytesUp" }, 4)).toEqual([[4, 2 ** 40]]);
    expect(await read("seconds", 1, 1)).toEqual([[1, 0.125]]);
    expect(await read("aggregationError", 1, 1)).toEqual([[1, 0.125]]);
    expect(await read({ section: "method", name: "nothing" })).toEqual([]);
    const stranger = store.getSeries(runId("stranger"), { of: "seconds", from: 0, to: 1 });
    await expect(stranger).rejects.toMatchObject({ code: "run-unknown" });
  });
}

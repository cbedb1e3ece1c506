import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrived, hash, joined, left, rules, start, stored } from "../test-support/round-play.ts";
import type { OpenAttempt } from "../store/store.ts";
import type { RoundRules } from "./attempt.ts";
import { initialState } from "./state.ts";
import { step } from "./step.ts";
import { noTimeline, openTimeline } from "./timeline.ts";
import type { MemberChange } from "./timeline.ts";
import type { RoundEvent } from "./types.ts";

const two = { minAvailableClients: 2, minFitClients: 2 };

/** An engine with its timeline, as a coordinator joins them, on a clock that goes on by hand. */
function watched(of: RoundRules, taken: OpenAttempt | null = null) {
  const time = { ms: 1_000 };
  const changes: MemberChange[] = [];
  const ends: Record<string, ReturnType<ReturnType<typeof openTimeline>["ended"]>> = {};
  const timeline = openTimeline({
    clock: { now: () => time.ms },
    isBuffered: of.policy.mode === "buffered",
    left: taken,
    changed: (change) => changes.push(change),
  });
  const attempt =
    taken === null
      ? null
      : {
          ...taken,
          ...{ accepted: [], refused: [] },
          updates: taken.updates.map((one) => ({ ...one, hash: one.blob.hash })),
        };
  let state = initialState({ round: 0, attempt });
  const happen = (event: RoundEvent, afterMs = 0): void => {
    time.ms += afterMs;
    const [next, effects] = step(of, state, event);
    state = next;
    timeline.follow(next, event);
    for (const effect of effects) {
      if (effect.type === "order") timeline.ordered(effect.index);
      if (effect.type === "close" || effect.type === "abandon")
        ends[`${effect.round}/${effect.attempt}`] = timeline.ended(effect);
    }
  };
  return { time, timeline, changes, ends, happen, state: () => state };
}

const taken = (index: number, attempt = 1): RoundEvent => ({
  ...{ type: "taken", index, round: 1, attempt, holds: 0, from: null },
});

describe("the timeline of an attempt", () => {
  it("notes when each member was ordered, started, uploaded and accepted, and what it said", () => {
    const { happen, timeline, ends } = watched(rules(two));
    happen(start);
    happen(joined(0));
    happen(joined(1), 50);
    happen(taken(0), 20);
    timeline.fetched(0, 500);
    timeline.uploaded(0, 128);
    timeline.announced(0, { examples: 12, metrics: { loss: 1, seconds: 2.5 } });
    happen(arrived(0), 100);
    happen(stored(0), 7);
    happen(arrived(1), 3);
    happen(stored(1));
    expect(ends["1/1"]).toMatchObject([
      {
        ...{ index: 0, status: "accepted", orderedMs: 0, startedMs: 20, uploadedMs: 20 },
        ...{ acceptedMs: 127, refusedMs: null, bytesUp: 128, bytesDown: 500, code: null },
        ...{ examples: 12, trainingSeconds: 2.5 },
      },
      { index: 1, status: "accepted", startedMs: null, acceptedMs: 130, examples: null },
    ]);
  });

  it("notes why a member was refused, and that an update came late", () => {
    const policy = { minAvailableClients: 3, minFitClients: 1 };
    const { happen, timeline, ends } = watched(rules(policy));
    for (const event of [start, joined(0), joined(1), joined(2)]) happen(event);
    happen({ ...arrived(0), problem: "not-finite" } as RoundEvent, 5);
    timeline.refused({ index: 0, round: 1, code: "not-finite", message: "a NaN" });
    for (const event of [arrived(1), stored(1)]) happen(event, 5);
    happen({ type: "timer", timer: "round" }, 5);
    expect(ends["1/1"]).toMatchObject([
      { index: 0, status: "refused", refusedMs: 5, code: "not-finite", message: "a NaN" },
      { index: 1, status: "accepted", acceptedMs: 15 },
      { index: 2, status: "ordered", acceptedMs: null, code: null },
    ]);
    happen(arrived(2), 10);
    timeline.refused({ index: 2, round: 1, code: "late-update", message: "late" });
    timeline.refused({ index: 0, round: 9, code: "wrong-round", message: "of another round" });
    expect(timeline.now()?.members).toMatchObject([
      { code: "not-finite" },
      { code: null },
      { code: "late-update", refusedMs: 30 },
    ]);
  });

  it("notes what ended an attempt though the next has opened in the same step", () => {
    const { happen, ends, timeline } = watched(rules(two));
    for (const event of [start, joined(0), joined(1)]) happen(event);
    const declined = { round: 1, attempt: 1, code: "training-failed" } as const;
    happen({ type: "declined", index: 1, ...declined }, 30);
    expect(ends["1/1"]).toMatchObject([
      { index: 0, status: "ordered" },
      { index: 1, status: "declined", refusedMs: 30 },
    ]);
    expect(timeline.now()).toMatchObject({ round: 1, attempt: 2, ageMs: 0 });
  });

  it("counts what travels since the last attempt that a member was in", () => {
    const { happen, timeline, ends } = watched(rules(two));
    timeline.fetched(0, 7);
    for (const event of [start, joined(0), joined(1)]) happen(event);
    timeline.uploading(0, { received: 40, total: 100 });
    expect(timeline.now()?.members[0]).toMatchObject({ bytesUp: 40, progress: 0.4 });
    timeline.uploaded(0, 100);
    for (const k of [0, 1]) for (const event of [arrived(k), stored(k)]) happen(event);
    expect(ends["1/1"]?.[0]).toMatchObject({ bytesUp: 100, bytesDown: 7 });
    timeline.fetched(0, 11);
    for (const event of [{ type: "aggregated" }, { type: "committed" }] as const) happen(event);
    timeline.uploaded(0, 5);
    for (const k of [0, 1]) for (const event of [arrived(k, 2), stored(k, 2)]) happen(event);
    expect(ends["2/1"]?.[0]).toMatchObject({ bytesUp: 5, bytesDown: 11 });
  });

  it("shows training and connection as they are, for members at work only", () => {
    const { happen, timeline } = watched(rules({ ...two, reconnectGraceMs: 10 }));
    for (const event of [start, joined(0), joined(1)]) happen(event);
    timeline.progress(0, { round: 1, done: 0.5 });
    expect(timeline.now()?.members[0]?.progress).toBeNull();
    happen(taken(0));
    timeline.progress(0, { round: 1, done: 0.5 });
    timeline.progress(0, { round: 2, done: 0.9 });
    happen(left(1));
    expect(timeline.now()?.members).toMatchObject([
      { status: "training", progress: 0.5, isAway: false },
      { status: "ordered", isAway: true },
    ]);
    happen({ type: "timer", timer: "grace-1" });
    const gone = { status: "gone", isAway: false };
    expect(timeline.now()).toMatchObject({ attempt: 1, members: [{}, gone] });
    happen({ type: "left", index: 0, forGood: true });
    expect(timeline.now()?.members[0]).toMatchObject({ status: "training" });
  });

  it("goes on with an attempt that an earlier process left, as old as it is", () => {
    const member = { index: 0, status: "accepted", orderedMs: 1, startedMs: 2, uploadedMs: 3 };
    const rest = { refusedMs: null, code: null, message: null, trainingSeconds: 1, examples: 4 };
    const update = { round: 1, attempt: 1, index: 0, blob: { hash: hash(0), bytes: 9 } };
    const { happen, timeline } = watched(rules(two), {
      ...{ round: 1, attempt: 1, cohort: [0, 1], target: 2, status: "open", accepted: null },
      ...{ refusals: [], ageMs: 400 },
      updates: [
        {
          ...{ ...update, examples: 4, metrics: {}, norm: 1 },
          member: { ...member, ...rest, acceptedMs: 90, bytesUp: 9, bytesDown: 8 } as never,
        },
      ],
    });
    happen(start, 60);
    expect(timeline.now()).toMatchObject({
      ageMs: 400,
      members: [
        { index: 0, status: "accepted", acceptedMs: 90, bytesUp: 9, bytesDown: 8 },
        { index: 1, status: "ordered", isAway: true },
      ],
    });
    happen(joined(1), 5);
    expect(timeline.now()?.members[1]).toMatchObject({ orderedMs: 405 });
  });

  it("of nobody is empty, and takes everything without a word", () => {
    const timeline = noTimeline();
    timeline.ordered(1);
    expect([
      timeline.now(),
      timeline.accepting(1),
      timeline.ended({ round: 1, attempt: 1 }),
    ]).toEqual([null, undefined, []]);
  });
});

const any: fc.Arbitrary<RoundEvent> = fc
  .record({ index: fc.nat(3), attempt: fc.integer({ min: 1, max: 3 }), other: fc.boolean() })
  .chain(({ index, attempt, other }) =>
    fc.constantFrom<RoundEvent>(
      joined(index),
      { type: "left", index, forGood: other },
      taken(index, attempt),
      { type: "declined", index, round: 1, attempt, code: "training-failed" },
      { type: "uploading", index, round: 1 },
      arrived(index),
      { ...arrived(index), problem: "not-finite" } as RoundEvent,
      { ...stored(index), attempt, outcome: other ? "conflict" : "stored" } as RoundEvent,
      { type: "timer", timer: other ? "round" : `grace-${index}` },
      { type: "aggregated" },
      { type: "committed" },
    ),
  );

describe.each(["synchronous", "buffered"])("in any history of %s rounds", (mode) => {
  it("every member is where the engine has it, times go up, and the changes tell all of it", () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (events) => {
        const run = watched(rules({ ...two, mode, reconnectGraceMs: 10, maxAttempts: 5 }));
        const told = new Map<string, object>();
        for (const event of [start, joined(0), joined(1), ...events]) {
          run.happen(event, 1);
          for (const { round, attempt, member } of run.changes.splice(0))
            told.set(`${round}/${attempt}/${member.index}`, { ...member, atMs: 0 });
          const { phase, round, attempt, cohort } = run.state();
          if (phase !== "collecting") continue;
          const now = run.timeline.now();
          expect(now).toMatchObject({ round, attempt });
          for (const { index, status, away, uploading } of cohort) {
            const member = now?.members.find((one) => one.index === index);
            expect(member).toMatchObject({ status, isAway: away, isUploading: uploading });
            expect(told.get(`${round}/${attempt}/${index}`)).toEqual({ ...member, atMs: 0 });
          }
        }
        for (const members of Object.values(run.ends)) {
          for (const { startedMs, acceptedMs, status } of members) {
            if (startedMs !== null && acceptedMs !== null)
              expect(startedMs).toBeLessThanOrEqual(acceptedMs);
            if (acceptedMs !== null) expect(status).toBe("accepted");
          }
        }
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elapsedMs, openChanges, openDetails, openRound, sampleDetails } from "../fixture/now.ts";
import { sampleHistory } from "../fixture/history.ts";
import type { MemberStatus } from "./api-types.ts";
import { finishTimes, median, outlook } from "./forecast.ts";
import { closedStanding, indexName, membersOf, standingOf } from "./members.ts";
import type { RoundMember } from "./members.ts";
import { memberForm, roundClock, roundStrip, standings } from "./strip.ts";

const nameOf = (index: number): string =>
  openDetails().attempts[0]?.members[index]?.client ?? indexName(index);

function sampleMembers(): readonly RoundMember[] {
  const changes = new Map(openChanges().map((change) => [change.index, change]));
  const timeline = openDetails().attempts[0] ?? null;
  return membersOf({ timeline, live: { round: openRound, attempt: 1, changes }, nameOf });
}

function sampleStrip() {
  const { state } = sampleDetails();
  const details = [...sampleHistory().details.values()].filter(({ round }) => round > 21);
  const told = { remainingMs: 102_000, toldAtMs: 5_000 };
  const clock = roundClock(told, { nowMs: 5_000, roundTimeoutMs: 360_000 });
  return roundStrip({
    state,
    members: sampleMembers(),
    times: finishTimes(details),
    quorum: 12,
    clock,
  });
}

const one = (given: Partial<RoundMember>): RoundMember => ({
  ...{ index: 0, name: "a", status: "training", isAway: false, isUploading: false, atMs: null },
  ...{ progress: null, code: null, message: null, bytesUp: 0, ...given },
});

describe("the strip of the sample run", () => {
  test("counts every member once", () => {
    const { counts, selected } = sampleStrip();
    expect(counts).toEqual({
      uploaded: 10,
      uploading: 1,
      training: 5,
      refused: 1,
      away: 1,
      waiting: 0,
    });
    expect(selected).toBe(18);
  });

  test("expects the quorum at 4:44, six more before the deadline", () => {
    expect(sampleStrip().outlook).toEqual({ kind: "on-course", atMs: 284_000, more: 6 });
  });

  test("stands arrivals by time, then those under way, then those who will not come", () => {
    expect(sampleStrip().members.map(({ name }) => name)).toEqual([
      ...["bern-01", "basel-03", "basel-01", "luzern-02", "geneve-05", "biel-01", "sion-02"],
      ...["zurich-11", "zurich-04", "lugano-01", "aarau-02", "fribourg-1", "chur-01", "zurich-07"],
      ...["st-gallen-2", "neuchatel-1", "olten-04", "zug-02"],
    ]);
  });

  test("marks ten accepted, one refused and six expected on the axis", () => {
    const { arrivals } = sampleStrip();
    const of = (kind: string) =>
      arrivals.filter((arrival) => arrival.outcome === kind).map(({ atMs }) => atMs / 1000);
    expect(of("accepted")).toEqual([19, 38, 52, 57, 64, 70, 82, 86, 125, 168]);
    expect(of("refused")).toEqual([130]);
    expect(of("expected")).toEqual([262, 284, 289, 301, 306, 318]);
  });

  test("takes from a hidden round only what its state tells", () => {
    const state = { ...sampleDetails().state, counts: null, target: null };
    const times = finishTimes([]);
    const strip = roundStrip({ state, members: [], times, quorum: 12, clock: null });
    expect(strip).toMatchObject({ counts: null, selected: null, target: null, arrivals: [] });
    expect(strip.outlook).toEqual({ kind: "unknown" });
  });
});

describe("members", () => {
  test("what was told later counts, whichever way it came", () => {
    const timeline = openDetails().attempts[0] ?? null;
    const old = { ...openChanges()[0]!, index: 0, atMs: 100 };
    const live = { round: openRound, attempt: 1, changes: new Map([[0, old]]) };
    expect(membersOf({ timeline, live, nameOf })[0]?.status).toBe("accepted");
    const early = membersOf({ timeline: null, live, nameOf });
    expect(early).toMatchObject([{ index: 0, status: "training", progress: 0.62 }]);
  });

  const statuses = [
    "ordered",
    "training",
    "storing",
    "accepted",
    "refused",
    "declined",
    "gone",
  ] as const;
  test.each<[MemberStatus, boolean, boolean, string]>([
    ["ordered", false, false, "waiting"],
    ["training", false, false, "training"],
    ["training", false, true, "uploading"],
    ["training", true, false, "away"],
    ["storing", false, true, "uploading"],
    ["accepted", true, false, "uploaded"],
    ["refused", true, false, "refused"],
    ["declined", false, false, "declined"],
    ["gone", false, false, "away"],
  ])("%s, away %s, uploading %s: %s", (status, isAway, isUploading, standing) => {
    expect(standingOf({ status, isAway, isUploading })).toBe(standing);
  });

  test("an update of an earlier round that counts is told apart from a fresh one, and from one that was too late", () => {
    const [first] = openDetails().attempts[0]!.members;
    const fresh = { ...first!, status: "accepted", order: null } as const;
    expect(closedStanding(fresh, true)).toBe("uploaded");
    expect(closedStanding({ ...fresh, order: openRound - 1 }, false)).toBe("lateKept");
    const late = { ...fresh, status: "training", code: "late-update" } as const;
    expect(closedStanding(late, true)).toBe("lateDropped");
    expect(closedStanding({ ...late, code: null }, true)).toBe("noAnswer");
  });

  test("the counts of any cohort add up to it", () => {
    const member = fc.record({
      status: fc.constantFrom(...statuses),
      isAway: fc.boolean(),
      isUploading: fc.boolean(),
    });
    const state = sampleDetails().state;
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 200 }), (given) => {
        const members = given.map((own, index) => one({ ...own, index }));
        const { counts, selected } = roundStrip({
          ...{ state, members, times: finishTimes([]), quorum: 1, clock: null },
        });
        expect(selected).toBe(members.length);
        expect(standings.reduce((sum, name) => sum + (counts?.[name] ?? 0), 0)).toBe(
          members.length,
        );
      }),
    );
  });
});

describe("the outlook", () => {
  const clock = { nowMs: 100_000, deadlineMs: 200_000 };
  const times = (...usual: readonly number[]) => ({
    byIndex: new Map(usual.map((ms, index) => [index, ms])),
    typical: median(usual),
  });
  const training = [one({ index: 0 }), one({ index: 1 })];

  test("is reached when enough are in, at the time of the one that made it so", () => {
    const members = [30_000, 10_000, 20_000].map((atMs, index) =>
      one({ index, status: "accepted", atMs }),
    );
    expect(outlook(members, { needed: 2, times: times(), clock })).toEqual({
      kind: "reached",
      atMs: 20_000,
    });
  });

  test.each([
    [150_000, { kind: "on-course", atMs: 150_000, more: 2 }],
    [180_000, { kind: "tight", atMs: 180_000, spareMs: 20_000 }],
    [230_000, { kind: "late", atMs: 230_000, missingMs: 30_000 }],
    [50_000, { kind: "on-course", atMs: 100_000, more: 2 }],
  ])("a usual time of %i ms", (usual, expected) => {
    expect(outlook(training, { needed: 2, times: times(usual, usual), clock })).toEqual(expected);
  });

  test("is impossible when too few are left, unknown when nobody has ever finished", () => {
    const members = [one({ index: 0 }), one({ index: 1, status: "refused" })];
    expect(outlook(members, { needed: 2, times: times(1, 1), clock })).toEqual({
      kind: "impossible",
      atMost: 1,
    });
    expect(outlook(training, { needed: 2, times: times(), clock })).toEqual({ kind: "unknown" });
  });

  test("a member that is new takes as long as the others", () => {
    const members = [one({ index: 7 })];
    expect(outlook(members, { needed: 1, times: times(140_000, 160_000), clock })).toMatchObject({
      atMs: 150_000,
    });
  });
});

describe("forms and clocks", () => {
  test.each([
    [24, "tiles"],
    [25, "squares"],
    [120, "squares"],
    [121, "bar"],
  ])("%i members are %s", (count, form) => {
    expect(memberForm(count)).toBe(form);
  });

  test("a round's clock goes on from when its countdown was told and stays within the round", () => {
    const told = { remainingMs: 102_000, toldAtMs: 1_000 };
    const at = (nowMs: number) => roundClock(told, { nowMs, roundTimeoutMs: 360_000 });
    expect(at(1_000)).toEqual({ nowMs: elapsedMs, deadlineMs: 360_000 });
    expect(at(31_000).nowMs).toBe(elapsedMs + 30_000);
    expect(at(900_000).nowMs).toBe(360_000);
  });

  test("a median is the middle of any list", () => {
    expect(median([])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

import { describe, expect, test } from "vitest";
import { sampleConfig, sampleEpsilon, sampleMaxNorm } from "../fixture/config.ts";
import { committedRounds, sampleHistory } from "../fixture/history.ts";
import { openDetails, sampleCost, sampleDetails, sampleParticipants } from "../fixture/now.ts";
import { accuracyCurves, lossCurves } from "./curves.ts";
import { epsilonAt } from "./epsilon-curve.ts";
import { eventLog, eventsOf } from "./event-log.ts";
import { headState, runActions, windowTitle } from "./header.ts";
import { paceOf, qualityFigure, timeFigure } from "./key-figures.ts";
import { layerErrors, layerName, worstLayer } from "./layers.ts";
import { membersOf } from "./members.ts";
import { byTrouble, filteredParticipants, participantRows } from "./participants-table.ts";
import { phasesOf, phasesTotal } from "./phases.ts";
import { epsilonOf, mechanismText, privacyView } from "./privacy.ts";
import { roundFigures } from "./round-figures.ts";
import { settingsOf } from "./settings.ts";
import { trafficOf } from "./traffic.ts";

const history = sampleHistory();
const run = sampleDetails(history);
const settings = settingsOf(run.config);
const rows = roundFigures({ ...history, epsilonAfter: sampleEpsilon });

describe("settings", () => {
  test("are read from a resolved config", () => {
    expect(settings).toMatchObject({
      ...{ model: "all-MiniLM-L6-v2", method: "fedsa-lora", kind: "lora", rank: 8, numRounds: 40 },
      ...{ quorum: 12, needed: 16, roundTimeoutMs: 360_000, evaluatedBy: "federated", maxNorm: 10 },
    });
    expect(settings.labels).toHaveLength(12);
  });

  test("of a config that has nothing in it promise nothing", () => {
    expect(settingsOf({})).toMatchObject({ numRounds: 0, privacy: { mode: "none", budget: null } });
    expect(settingsOf({ rounds: 3, privacy: "x", task: null })).toMatchObject({ labels: [] });
    expect(mechanismText(settingsOf({}))).toBe("no privacy mechanism");
  });
});

describe("curves", () => {
  test("have the clients' mean with its spread, and the worst client", () => {
    const { rounds, series } = accuracyCurves(rows, "federated");
    expect(rounds[0]).toBe(0);
    expect(rounds).toHaveLength(committedRounds + 1);
    expect(series.map(({ label }) => label)).toEqual(["Clients", "Worst client"]);
    const [clients] = series;
    expect(clients?.values[26]).toBe(history.evaluations[26]?.metrics["accuracyMean"]);
    expect(clients?.band?.low[26]).toBeLessThan(clients?.values[26] ?? 0);
    expect(clients?.band?.high[26]).toBeGreaterThan(clients?.values[26] ?? 1);
  });

  test("a round without an evaluation is a gap, a central one has no spread", () => {
    const sparse = rows.map((row) => (row.round % 2 === 0 ? row : { ...row, evaluation: null }));
    const [first, second, third] = accuracyCurves(sparse, "federated").series[0]?.values ?? [];
    expect([typeof first, second, typeof third]).toEqual(["number", null, "number"]);
    const central = rows.map((row) => ({ ...row, evaluation: { accuracy: 0.5, loss: 1 } }));
    expect(accuracyCurves(central, "central").series).toMatchObject([
      { label: "Central", band: null },
    ]);
    expect(lossCurves(central, "central").series.map(({ label }) => label)).toEqual([
      "Central",
      "Training",
    ]);
    expect(accuracyCurves([], "central")).toEqual({ rounds: [], series: [] });
  });
});

describe("key figures", () => {
  test("tell the change over five evaluations and the best round", () => {
    const figure = qualityFigure(accuracyCurves(rows, "federated"));
    expect(figure).toMatchObject({ label: "Clients", round: 26, before: { round: 21 } });
    expect(figure?.best.value).toBe(Math.max(...(figure?.spark ?? []).map(([, value]) => value)));
    expect(figure?.spark).toHaveLength(27);
    expect(qualityFigure({ rounds: [], series: [] })).toBeNull();
  });

  test("forecast the time left from the median round, after two rounds", () => {
    const figure = timeFigure(paceOf(rows), run, 258_000);
    expect(figure.leftMs).toBe(14 * (figure.medianMs ?? 0) - 258_000);
    expect(
      timeFigure(paceOf(rows.slice(0, 2)), { ...run, committedRounds: 1 }, 0).leftMs,
    ).toBeNull();
    expect(timeFigure(paceOf(rows), { ...run, status: "completed" }, null).leftMs).toBeNull();
    expect(timeFigure(paceOf([]), { ...run, committedRounds: 0 }, null)).toMatchObject({
      soFarMs: null,
    });
  });
});

describe("errors by layer", () => {
  test("stand with the last layer on top; the worst one is found", () => {
    const errors = layerErrors(rows);
    if (errors.kind !== "measured") throw new Error(errors.kind);
    expect(errors.rows.map(({ name }) => name).slice(0, 3)).toEqual([
      "5 value",
      "5 query",
      "4 value",
    ]);
    expect(errors.rows).toHaveLength(12);
    expect(errors.rounds).toHaveLength(committedRounds);
    expect(worstLayer(errors.rows)?.name).toBe("4 value");
    const squares = errors.rows.map(({ values }) => (values.at(-1) ?? 0) ** 2);
    const mean = squares.reduce((sum, square) => sum + square, 0) / 12;
    expect(errors.totals.at(-1)).toBeCloseTo(Math.sqrt(mean), 6);
  });

  test("are exact, not measured, or not there yet", () => {
    const withError = (total: number | null, reason: string | null) =>
      rows.map((row) => ({
        ...row,
        aggregationError: { total, reason, standardError: 0, modules: {} },
      }));
    expect(layerErrors(withError(0, null))).toEqual({ kind: "exact" });
    expect(layerErrors(withError(null, "is off"))).toEqual({
      kind: "not-measured",
      reason: "is off",
    });
    expect(layerErrors([])).toEqual({ kind: "nothing-yet" });
  });

  test.each([
    ["encoder.layer.4.attention.self.value", "4 value"],
    ["h.11.attn.c_attn", "11 c_attn"],
    ["classifier", "classifier"],
  ])("%s is %s", (module, name) => {
    expect(layerName(module)).toBe(name);
  });
});

describe("bytes", () => {
  test("are the sums of what travelled, against dense LoRA by its own share", () => {
    const traffic = trafficOf(rows, sampleCost.bytes);
    expect(traffic.totalUp).toBe(run.figures.bytesUp);
    expect(traffic.perUpdate).toBe(147_552);
    expect(traffic.ofDense).toBeCloseTo(147_552 / 313_488, 12);
    expect(traffic.dense?.at(-1)).toBeCloseTo(((traffic.totalUp ?? 0) * 313_488) / 147_552, 3);
    expect(trafficOf([], null)).toMatchObject({ totalUp: 0, dense: null, ofDense: null });
  });
});

describe("privacy", () => {
  const view = privacyView({ run, estimate: sampleCost.epsilon });

  test("past and future meet now and end at the projection", () => {
    expect(view?.past.at(-1)).toEqual([26, sampleEpsilon(26)]);
    expect(view?.future[0]).toEqual([26, sampleEpsilon(26)]);
    expect(view?.future.at(-1)).toEqual([40, sampleEpsilon(40)]);
    expect(view?.limit).toBe(3);
    expect(view?.past.map(([round]) => round)).toEqual(Array.from({ length: 27 }, (_, at) => at));
  });

  test("is known at every round between the points of the estimate", () => {
    const at = epsilonOf(view);
    expect(at(0)).toBe(0);
    expect(at(7)).toBeCloseTo(sampleEpsilon(7), 12);
    expect(at(41)).toBeNull();
    expect(
      epsilonAt(
        [
          [10, 1],
          [20, 1.5],
        ],
        15,
      ),
    ).toBe(1.25);
    expect(
      epsilonAt(
        [
          [10, 1],
          [20, 1.5],
        ],
        5,
      ),
    ).toBe(0.5);
    expect(epsilonAt([], 1)).toBeNull();
  });

  test("without an estimate there is what the run says; without a promise nothing", () => {
    const bare = privacyView({ run, estimate: null });
    expect(bare).toMatchObject({
      past: [
        [0, 0],
        [26, sampleEpsilon(26)],
      ],
      exceededAfter: null,
    });
    expect(privacyView({ run: { ...run, figures: { epsilon: null } }, estimate: null })).toBeNull();
    const fresh = privacyView({ run: { ...run, committedRounds: 0 }, estimate: null });
    expect(fresh).toMatchObject({
      past: [[0, 0]],
      future: [
        [0, 0],
        [40, sampleEpsilon(40)],
      ],
    });
  });
});

describe("phases", () => {
  test("fill the time from opening to commit, for every round of the sample", () => {
    for (const details of history.details.values()) {
      const phases = phasesOf(details);
      const total = (details.committed?.seconds ?? 0) * 1000;
      expect(phases === null ? null : phasesTotal(phases)).toBeCloseTo(total, 6);
      expect(Math.min(...Object.values(phases ?? {}))).toBeGreaterThanOrEqual(0);
    }
    expect(phasesOf({ ...openDetails(), attempts: [] })).toBeNull();
  });
});

describe("the event log", () => {
  const context = { nameOf: String, quorum: 12, maxNorm: sampleMaxNorm };
  const log = eventLog([...history.details.values(), openDetails()], context);

  test("is in order of time, the latest first, each line once", () => {
    const times = log.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
  });

  test("says what happened with value and limit", () => {
    const texts = log.map(({ text }) => text);
    expect(texts).toContain("lugano-01 uploaded 147.6\u202fkB, accepted");
    expect(texts).toContain("olten-04 refused: update norm above the limit, 10.0");
    expect(texts).toContain("Round 27 opened: 18 selected, 12 needed");
    expect(
      texts.some((text) => /^Round 26 published, adapter [0-9a-f]{4}…[0-9a-f]{4}$/.test(text)),
    ).toBe(true);
    expect(texts.some((text) => text.endsWith("came 0:47 after round 26 closed; not used"))).toBe(
      true,
    );
    expect(eventsOf(log, "trouble").every(({ kind }) => kind === "trouble")).toBe(true);
    expect(eventsOf(log, null)).toBe(log);
  });
});

describe("the head", () => {
  const state = run.state;

  test.each([
    [run, "Collecting, round 27 of 40"],
    [{ ...run, state: { ...state, phase: "committing" as const } }, "Aggregating, round 27 of 40"],
    [
      { ...run, state: { ...state, phase: "waiting" as const, present: 9 } },
      "Waiting for people (9 of 16 here)",
    ],
    [
      { ...run, state: { ...state, phase: "waiting" as const, paused: true } },
      "Paused, 26 of 40 rounds",
    ],
    [{ ...run, status: "completed" as const, committedRounds: 40 }, "Finished, 40 rounds"],
    [{ ...run, status: "stopped" as const }, "Stopped, 26 of 40 rounds"],
  ])("its pill", (given, text) => {
    const { look, rest } = headState(given, settings);
    expect(look.word + rest).toBe(text);
  });

  test("what may be done follows from the state; the window says the state first", () => {
    expect(runActions(run)).toEqual({
      canInvite: true,
      canPause: true,
      canResume: false,
      canStop: true,
    });
    expect(runActions({ ...run, state: { ...state, paused: true } })).toMatchObject({
      canPause: false,
      canResume: true,
    });
    expect(runActions({ ...run, status: "failed" })).toMatchObject({
      canStop: false,
      canInvite: false,
    });
    expect(windowTitle(run)).toBe("Round 27 · message-triage · fedtune");
    expect(windowTitle({ ...run, status: "failed" })).toBe("Failed · message-triage · fedtune");
  });
});

describe("participants", () => {
  const timeline = openDetails().attempts[0] ?? null;
  const members = membersOf({ timeline, live: null, nameOf: (index) => String(index) });
  const lateLast = { round: 26, indices: new Set([18]) };
  const table = participantRows({ participants: sampleParticipants(history), members, lateLast });

  test("stand by trouble first", () => {
    const sorted = byTrouble(table);
    expect(sorted.slice(0, 4).map(({ facts, state: { name } }) => [facts.client, name])).toEqual([
      ["olten-04", "refused"],
      ["thun-01", "lateDropped"],
      ["zug-02", "away"],
      ["aarau-02", "training"],
    ]);
    expect(sorted).toHaveLength(38);
  });

  test("shares add up to one, and the filter reads name, device and software", () => {
    const sum = table.reduce((total, { facts }) => total + (facts.share ?? 0), 0);
    expect(sum).toBeCloseTo(1, 9);
    expect(filteredParticipants(table, " ZURICH ").map(({ facts }) => facts.client)).toHaveLength(
      3,
    );
    expect(
      filteredParticipants(table, "firefox").every(({ facts }) => facts.software === "Firefox 152"),
    ).toBe(true);
    expect(filteredParticipants(table, "")).toBe(table);
  });

  test("a revoked one is told so before all else", () => {
    const revoked = [{ ...sampleParticipants(history)[0]!, revokedAt: "2026-11-20T10:00:00Z" }];
    expect(participantRows({ participants: revoked, members, lateLast: null })[0]?.state).toEqual({
      ...{ in: "run", name: "revoked" },
    });
  });
});

test("the fixture's config is what its figures are made with", () => {
  expect(sampleConfig.rounds.numRounds).toBe(run.numRounds);
});

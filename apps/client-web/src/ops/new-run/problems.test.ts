import { describe, expect, it } from "vitest";
import { annotations } from "./annotations.ts";
import { adviceOn } from "./advice.ts";
import { changesOf, formOf } from "./form/changes.ts";
import { formState, reduceForm } from "./form/form-state.ts";
import type { FormState } from "./form/form-state.ts";
import { valueAt } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";
import { fieldFor, problemsOf, repaired } from "./problems.ts";
import type { ServerProblem } from "./problems.ts";
import { sectionsOf } from "./sections.ts";
import { anEstimate } from "../test-support/estimates.ts";
import { configShape } from "../test-support/server.ts";
import { costLine, costRows, epsilonSentence } from "./cost-rows.ts";
import { epsilonFigure } from "./epsilon-figure.ts";

const config: JsonObject = {
  task: { kind: "sequence-classification", labels: ["yes", "no"] },
  privacy: { mode: "record-level", samplingRate: 0.0174, noiseMultiplier: 0.62 },
};

const form = (one: JsonObject = config) => formOf(configShape, one, annotations);
const fieldAt = (path: string) => form().fields.find((field) => field.path === path)!;

function typed(path: string, text: string): FormState {
  const field = fieldAt(path);
  return reduceForm(formState(config), { type: "write", field, text, unit: "" });
}

const tooManyClients = {
  path: "rounds.minFitClients",
  message: "rounds.minFitClients = 5, wanted at most minAvailableClients (3)",
  ...{ value: 5, wanted: "at most minAvailableClients (3)" },
  fix: { label: "Set 3", path: "rounds.minFitClients", value: 3, removes: null },
};

const told = (...problems: readonly ServerProblem[]) => ({ problems, cost: null });

describe("what keeps a config from becoming a run", () => {
  it("is silent on a text that is still being written, and speaks when it is left", () => {
    const writing = typed("adapter.rank", "abc");
    expect(problemsOf(form(), writing.entries, undefined)).toEqual([]);
    const left = reduceForm(writing, { type: "leave", field: fieldAt("adapter.rank") });
    const [problem] = problemsOf(form(), left.entries, undefined);
    expect(problem).toMatchObject({
      title: "Rank cannot be abc",
      message: "It is abc; wanted: a whole number from 1 to 4,096.",
      repair: { label: "Set 8", value: 8 },
    });
    expect(left.config).toEqual(config);
  });

  it("keeps silent on a repair while it is written", () => {
    const left = reduceForm(typed("adapter.rank", "0"), {
      type: "leave",
      field: fieldAt("adapter.rank"),
    });
    expect(problemsOf(form(left.config), left.entries, undefined)).toHaveLength(1);
    const again = reduceForm(left, {
      type: "write",
      field: fieldAt("adapter.rank"),
      text: "4",
      unit: "",
    });
    expect(problemsOf(form(again.config), again.entries, undefined)).toEqual([]);
  });

  it("takes the server's word, and its repair", () => {
    const [problem] = problemsOf(form(), {}, told(tooManyClients));
    expect(problem?.field?.path).toBe("rounds.minFitClients");
    expect(problem?.title).toBe("Quorum is 5, wanted: at most minAvailableClients (3)");
    expect(problem?.message).toBe("It is 5; wanted: at most minAvailableClients (3).");
    let state = formState(config);
    repaired((field, value) => {
      state = reduceForm(state, { type: "set", field, value });
    }, problem!.repair!);
    expect(valueAt(state.config, "rounds.minFitClients")).toBe(3);
  });

  it("is too little noise for the limit, with the least that is enough", () => {
    const [problem] = problemsOf(form(), {}, anEstimate(0.62));
    expect(problem?.field?.path).toBe("privacy.noiseMultiplier");
    expect(problem?.message).toBe(
      "40 rounds at 0.62 would spend epsilon 5.93; the limit is 3.00. " +
        "Use at least 1.04, or stop after round 7.",
    );
    expect(problem?.repair).toMatchObject({ label: "Set 1.04", value: 1.04 });
    expect(problemsOf(form(), {}, anEstimate(1.04))).toEqual([]);
  });

  it("renames a misspelt key", () => {
    const misspelt = { ...config, training: { lerningRate: 0.002 } };
    const fix = {
      ...{ label: "Rename to learningRate", path: "training.learningRate", value: 0.002 },
      removes: "training.lerningRate",
    };
    const path = "training.lerningRate";
    const unknown = { path, message: "", value: 0.002, wanted: "a known key", fix };
    const [problem] = problemsOf(form(misspelt), {}, told(unknown));
    expect(problem?.field?.path).toBe("training.learningRate");
    let state = formState(misspelt);
    repaired((field, value) => {
      state = reduceForm(state, { type: "set", field, value });
    }, problem!.repair!);
    expect(state.config["training"]).toEqual({ learningRate: 0.002 });
  });

  it("says one thing at a field, the page's own first", () => {
    const left = reduceForm(typed("privacy.noiseMultiplier", "x"), {
      ...{ type: "leave", field: fieldAt("privacy.noiseMultiplier") },
    });
    expect(problemsOf(form(), left.entries, anEstimate(0.62))).toHaveLength(1);
  });

  it("finds the field of what stands around it", () => {
    const { fields } = form();
    expect(fieldFor("privacy.mode", fields)?.path).toBe("privacy");
    expect(fieldFor("task.labels.3", fields)?.path).toBe("task.labels");
    expect(fieldFor("nowhere.at.all", fields)).toBeNull();
  });
});

describe("the sections", () => {
  const parts = (noise: number, isFiltered = false) => {
    const { fields, values } = form();
    const before = formOf(
      configShape,
      { ...config, privacy: { mode: "none" } },
      annotations,
    ).values;
    return {
      ...{ fields, config, isFiltered, changes: changesOf(fields, values, before) },
      problems: problemsOf(form(), {}, anEstimate(noise)),
    };
  };

  it("say how far each is", () => {
    const marks = sectionsOf(parts(0.62)).map(({ id, mark }) => [id, mark]);
    expect(Object.fromEntries(marks)).toMatchObject({
      ...{ task: "set", privacy: "wrong", rounds: "untouched", people: "untouched" },
    });
  });

  it("show nothing but what differs, where that is wanted", () => {
    const shown = sectionsOf(parts(1.04, true)).flatMap(({ fields }) => fields);
    expect(shown.map(({ path }) => path)).toContain("privacy.samplingRate");
    expect(shown.map(({ path }) => path)).not.toContain("adapter.rank");
  });
});

describe("advice", () => {
  it("is given on a learning rate far from the preset's", () => {
    const far = formOf(configShape, { ...config, training: { learningRate: 0.004 } }, annotations);
    const changes = changesOf(far.fields, far.values, form().values);
    expect(adviceOn(far.fields, far.values, changes).map(({ text }) => text)).toEqual([
      "Learning rate is 4 × the preset\u2019s",
    ]);
    const near = formOf(configShape, { ...config, training: { learningRate: 0.002 } }, annotations);
    expect(
      adviceOn(near.fields, near.values, changesOf(near.fields, near.values, form().values)),
    ).toEqual([]);
  });
});

describe("the cost", () => {
  const cost = anEstimate().cost!;

  it("is told in the units that people read", () => {
    expect(costRows(cost).map(({ value }) => value.replaceAll("\u202F", " "))).toEqual([
      ...["147.6 kB", "147.6 kB", "94.4 MB up, 106 MB down", "47 %", "about 640 MB", "about 18 MB"],
    ]);
    expect(costLine(cost).replaceAll("\u202F", " ")).toBe("148 kB a round, epsilon 5.93 of 3.00");
    expect(epsilonSentence(cost.epsilon!, cost.rounds)).toBe(
      "Projected epsilon: 5.93 after 40 rounds; the limit is 3.00, which holds up to round 7.",
    );
  });

  it("is drawn in two colours that meet at the last round within the limit", () => {
    const { series, rules, marks } = epsilonFigure(cost.epsilon!, cost.rounds);
    expect(series.map(({ id, style }) => [id, style.colour])).toEqual([
      ["within", "privacy"],
      ["beyond", "bad"],
    ]);
    expect([...Array.from(series[0]!.x)].at(-1)).toBe(7);
    expect([...Array.from(series[1]!.x)][0]).toBe(7);
    expect(rules).toEqual([{ y: 3, label: "limit 3.00", colour: "bad" }]);
    expect(marks).toEqual([{ x: 7, label: "round 7", place: "bottom" }]);
  });

  it("is one line where the limit is kept", () => {
    const { series, marks } = epsilonFigure(anEstimate(1.04).cost!.epsilon!, 40);
    expect(series.map(({ endLabel }) => endLabel)).toEqual(["2.97"]);
    expect(marks).toEqual([]);
  });
});

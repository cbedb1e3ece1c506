import { describe, expect, it } from "vitest";
import { annotations } from "./annotations.ts";
import { drawsSame } from "./field-state.ts";
import type { FieldParts } from "./field-state.ts";
import { formOf } from "./form/changes.ts";
import type { JsonObject } from "./form/json.ts";
import { valueAt, withValueAt } from "./form/json.ts";
import { configShape, triage } from "../test-support/server.ts";

const dispatch = (): void => undefined;

function partsOf(config: JsonObject): ReadonlyMap<string, FieldParts> {
  const { fields, values } = formOf(configShape, config, annotations);
  const nothing = { entry: undefined, change: undefined, problem: null, dispatch };
  return new Map(
    fields.map((field) => [field.path, { ...nothing, field, value: valueAt(values, field.path) }]),
  );
}

describe("what is drawn anew", () => {
  it("is the field whose value has changed, and no other", () => {
    const before = partsOf(triage);
    const after = partsOf(withValueAt(triage, "adapter.rank", 16));
    const changed = [...after].filter(([path, parts]) => !drawsSame(before.get(path)!, parts));
    expect(changed.map(([path]) => path)).toEqual(["adapter.rank"]);
  });

  it("is a field that is written in, complained of, or not as in the preset any more", () => {
    const rank = partsOf(triage).get("adapter.rank")!;
    const entry = { text: "1", unit: "", isLeft: false };
    const problem = { key: "a", field: rank.field, title: "", message: "no", repair: null };
    const change = { path: "adapter.rank", before: null };
    expect(drawsSame(rank, rank)).toBe(true);
    for (const next of [{ entry }, { problem }, { change }, { dispatch: () => undefined }]) {
      expect(drawsSame(rank, { ...rank, ...next })).toBe(false);
    }
  });

  it("is a field whose surroundings have chosen otherwise", () => {
    const chosen = (name: string) =>
      partsOf({ ...triage, training: { optimizer: { name } } }).get(
        "training.optimizer.weightDecay",
      )!;
    expect(drawsSame(chosen("sgd"), chosen("adamw"))).toBe(false);
  });
});

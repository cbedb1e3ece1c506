/** A field as it stands, and what can be done to it. */
import type { Change } from "./form/changes.ts";
import { textOf, unitFor, unitsOf } from "./form/entry-text.ts";
import type { Field } from "./form/field.ts";
import type { Entry, FormAction } from "./form/form-state.ts";
import { sameJson } from "./form/json.ts";
import type { Json } from "./form/json.ts";
import type { Problem } from "./problems.ts";

/** What the form knows of one field. */
export interface FieldParts {
  readonly field: Field;
  readonly value: Json | undefined;
  readonly entry: Entry | undefined;
  readonly change: Change | undefined;
  readonly problem: Problem | null;
  readonly dispatch: (action: FormAction) => void;
}

/** A field as it stands. */
export interface FieldState {
  readonly value: Json | undefined;
  /** What stands in it: what is being written, or the value. */
  readonly text: string;
  readonly unit: string;
  readonly problem: Problem | null;
  readonly isChanged: boolean;
  readonly before: Json | undefined;
  readonly write: (text: string) => void;
  readonly changeUnit: (unit: string) => void;
  readonly leave: () => void;
  readonly set: (value: Json | undefined) => void;
  readonly choose: (name: string) => void;
}

/** The state of a field. */
export function fieldState({
  field,
  value,
  entry,
  change,
  problem,
  dispatch,
}: FieldParts): FieldState {
  const { widget } = field;
  const unit = entry?.unit ?? (unitsOf[widget] === undefined ? "" : unitFor(widget, value));
  const text = entry?.text ?? textOf(widget, value, unit);
  return {
    ...{ value, text, unit, problem, isChanged: change !== undefined, before: change?.before },
    write: (next) => {
      dispatch({ type: "write", field, text: next, unit });
    },
    changeUnit: (next) => {
      dispatch({ type: "write", field, text, unit: next });
    },
    leave: () => {
      dispatch({ type: "leave", field });
    },
    set: (next) => {
      dispatch({ type: "set", field, value: next });
    },
    choose: (name) => {
      dispatch({ type: "choose", field, name });
    },
  };
}

/** Whether two parts draw the same: of eighty fields one is drawn anew for each letter. */
export function drawsSame(a: FieldParts, b: FieldParts): boolean {
  return (
    sameField(a.field, b.field) &&
    sameJson(a.value, b.value) &&
    a.entry === b.entry &&
    (a.change === undefined) === (b.change === undefined) &&
    sameJson(a.change?.before, b.change?.before) &&
    sameProblem(a.problem, b.problem) &&
    a.dispatch === b.dispatch
  );
}

/** Fields are made anew for each config; their shapes and annotations are not. */
function sameField(a: Field, b: Field): boolean {
  return (
    a.path === b.path &&
    a.shape === b.shape &&
    a.title === b.title &&
    a.help === b.help &&
    a.choices.length === b.choices.length &&
    a.choices.every(
      ({ path, name }, at) => b.choices[at]?.path === path && b.choices[at].name === name,
    )
  );
}

function sameProblem(a: Problem | null, b: Problem | null): boolean {
  if (a === null || b === null) return a === b;
  return a.message === b.message && sameJson(a.repair?.value, b.repair?.value);
}

import { textOf, unitFor, unitsOf } from "./form/entry-text.ts";
import type { Field } from "./form/field.ts";
import { valueAt } from "./form/json.ts";
import type { Json } from "./form/json.ts";
import { useForm } from "./form-context.ts";
import type { Problem } from "./problems.ts";

/** A field as it stands, and what can be done to it. */
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

/** The state of a field in the form around it. */
export function useField(field: Field): FieldState {
  const { values, entries, changes, problems, dispatch } = useForm();
  const { path, widget } = field;
  const value = valueAt(values, path);
  const entry = entries[path];
  const unit = entry?.unit ?? (unitsOf[widget] === undefined ? "" : unitFor(widget, value));
  const text = entry?.text ?? textOf(widget, value, unit);
  const change = changes.get(path);
  return {
    ...{ value, text, unit, isChanged: change !== undefined, before: change?.before },
    problem: problems.find((problem) => problem.field?.path === path) ?? null,
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

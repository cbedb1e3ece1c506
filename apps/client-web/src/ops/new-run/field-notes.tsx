import { formatCount } from "@fedtune/figures";
import { textOf, unitFor } from "./form/entry-text.ts";
import type { Field } from "./form/field.ts";
import { isJsonObject } from "./form/json.ts";
import type { Json } from "./form/json.ts";
import { useForm } from "./form-context.ts";
import { repaired } from "./problems.ts";
import type { Problem } from "./problems.ts";
import type { FieldState } from "./field-state.ts";
import { words } from "./words.ts";
import styles from "./form.module.css";

/** What stands below a field without an error: its help, what the preset has, what an empty one means. */
export function FieldHelp({ field, state }: { readonly field: Field; readonly state: FieldState }) {
  const { help, annotation, emptyAs, widget } = field;
  const notes = [
    ...(state.isChanged ? [] : [help]),
    ...(annotation.empty !== undefined && emptyAs !== "never" && state.text === ""
      ? [words.emptyMeans(annotation.empty)]
      : []),
    ...(widget === "duration" && typeof state.value === "number" && state.isChanged
      ? [words.storedAs(`${formatCount(state.value)}\u202Fms`)]
      : []),
  ].filter((note) => note !== "");
  return (
    <>
      {state.isChanged ? <Preset field={field} state={state} /> : null}
      {notes.join(". ")}
    </>
  );
}

function Preset({ field, state }: { readonly field: Field; readonly state: FieldState }) {
  const text = shownValue(field, state.before);
  return (
    <>
      {text === "" ? null : `${words.presetHas(text)}. `}
      <button
        type="button"
        className={styles["link"]}
        onClick={() => {
          state.set(state.before);
        }}
      >
        {words.reset}
      </button>{" "}
    </>
  );
}

/** A value of a field in one line. */
function shownValue({ widget, shape, annotation }: Field, value: Json | undefined): string {
  if (value === undefined || value === null) return annotation.empty?.toLowerCase() ?? "none";
  if (shape.kind === "choice" && isJsonObject(value)) return textOf("text", value[shape.tag]);
  if (isJsonObject(value)) return "";
  if (typeof value === "boolean") return value ? "on" : "off";
  const unit = unitFor(widget, value);
  const text = textOf(widget, value, unit);
  const shown = annotation.values?.[text] ?? text;
  const suffix = widget === "percent" ? "%" : unit;
  return suffix === "" ? shown : `${shown}\u202F${suffix}`;
}

/** What is wrong at a field, and the button that sets it right. */
export function FieldError({ problem }: { readonly problem: Problem }) {
  const { dispatch } = useForm();
  const { repair, message } = problem;
  return (
    <>
      {message}
      {repair === null ? null : (
        <>
          {" "}
          <button
            type="button"
            className={styles["link"]}
            onClick={() => {
              repaired((field, value) => {
                dispatch({ type: "set", field, value });
              }, repair);
            }}
          >
            {repair.label}
          </button>
        </>
      )}
    </>
  );
}

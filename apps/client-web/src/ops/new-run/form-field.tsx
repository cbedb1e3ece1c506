import { memo } from "react";
import type { ReactNode } from "react";
import { Select } from "../../ui/select.tsx";
import { Switch } from "../../ui/switch.tsx";
import { Tag } from "../../ui/tag.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { unitsOf } from "./form/entry-text.ts";
import type { Field } from "./form/field.ts";
import { isJsonObject, valueAt } from "./form/json.ts";
import { CardsField } from "./cards-field.tsx";
import { FieldError, FieldHelp } from "./field-notes.tsx";
import { fieldId } from "./field-id.ts";
import { drawsSame, fieldState } from "./field-state.ts";
import type { FieldParts, FieldState } from "./field-state.ts";
import { useForm } from "./form-context.ts";
import { words } from "./words.ts";
import styles from "./form.module.css";

interface DrawnField {
  readonly field: Field;
  readonly state: FieldState;
}

/** A field of the form, drawn by the widget that it names. */
export function FormField({ field }: { readonly field: Field }) {
  const { values, entries, changes, problems, dispatch } = useForm();
  const { path } = field;
  return (
    <FieldView
      {...{ field, dispatch, value: valueAt(values, path), entry: entries[path] }}
      change={changes.get(path)}
      problem={problems.find((problem) => problem.field?.path === path) ?? null}
    />
  );
}

const FieldView = memo(function FieldView(parts: FieldParts) {
  const { field } = parts;
  const { path, widget, annotation } = field;
  const isWide = annotation.isWide === true || widget === "json" || widget === "lines";
  return (
    <div id={fieldId(path)} className={isWide ? styles["wide"] : styles["place"]}>
      {drawn({ field, state: fieldState(parts) })}
    </div>
  );
}, drawsSame);

function drawn({ field, state }: DrawnField): ReactNode {
  switch (field.widget) {
    case "cards":
      return <CardsField field={field} state={state} />;
    case "select":
      return <SelectField field={field} state={state} />;
    case "switch":
      return <SwitchField field={field} state={state} />;
    default:
      return <WrittenField field={field} state={state} />;
  }
}

/** What all fields with a label above show around their control. */
function lookOf({ field, state }: DrawnField) {
  const { problem } = state;
  return {
    label: field.title,
    configKey: keyOf(field),
    isChanged: state.isChanged,
    help: <FieldHelp field={field} state={state} />,
    ...(problem === null ? {} : { error: <FieldError problem={problem} /> }),
  };
}

/** The key that the field sets: of a choice the one that names what is chosen. */
function keyOf({ path, shape }: Field): string {
  return shape.kind === "choice" ? `${path}.${shape.tag}` : path;
}

/** How many lines are seen of what may have several. */
function rowsOf({ widget, annotation }: Field): { readonly rows?: number } {
  if (widget === "json") return { rows: 6 };
  if (widget === "lines") return { rows: 3 };
  return widget === "list" && annotation.isWide === true ? { rows: 2 } : {};
}

function WrittenField({ field, state }: DrawnField) {
  const { widget, annotation } = field;
  return (
    <TextField
      {...lookOf({ field, state })}
      {...rowsOf(field)}
      value={state.text}
      onChange={state.write}
      onBlur={state.leave}
      isChanged={false}
      unit={
        <span className={styles["end"]}>
          {state.isChanged ? <Tag>{words.changed}</Tag> : null}
          {unitsOf[widget] === undefined ? (
            annotation.unit
          ) : (
            <UnitChoice field={field} state={state} />
          )}
        </span>
      }
      isCode={widget === "json"}
      autoComplete="off"
    />
  );
}

function UnitChoice({ field, state }: DrawnField) {
  return (
    <select
      aria-label={words.unitOf(field.title)}
      className={styles["unit"]}
      value={state.unit}
      onChange={(event) => {
        state.changeUnit(event.currentTarget.value);
      }}
      onBlur={state.leave}
    >
      {unitsOf[field.widget]?.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

/** Stands for null among the options of a list. */
const none = "(none)";

function SelectField({ field, state }: DrawnField) {
  const { shape, emptyAs, annotation } = field;
  const names = shape.kind === "choice" ? shape.options.map(({ name }) => name) : valuesOf(field);
  const empty =
    emptyAs === "never" ? [] : [{ value: none, label: annotation.empty ?? words.automatic }];
  const options = names.map((name) => ({ value: name, label: annotation.values?.[name] ?? name }));
  return (
    <Select
      {...lookOf({ field, state })}
      value={chosenName(field, state) ?? none}
      options={[...empty, ...options]}
      onChange={(name) => {
        if (name === none) state.set(emptyAs === "null" ? null : undefined);
        else state.choose(name);
      }}
    />
  );
}

function valuesOf({ shape }: Field): readonly string[] {
  return shape.kind === "enum" ? shape.values : [];
}

/** The name of what is chosen; null: nothing. */
export function chosenName({ shape }: Field, { value }: FieldState): string | null {
  const name = shape.kind === "choice" && isJsonObject(value) ? value[shape.tag] : value;
  return typeof name === "string" ? name : null;
}

/** Yes or no; of an object whether it is there, with its own fields behind it. */
function SwitchField({ field, state }: DrawnField) {
  const { problem, value } = state;
  const isObject = field.shape.kind === "object";
  return (
    <div className={styles["switch"]}>
      <Switch
        label={field.title}
        isLeading
        isOn={isObject ? isJsonObject(value) : value === true}
        onChange={(isOn) => {
          state.set(isObject ? (isOn ? {} : null) : isOn);
        }}
        help={<FieldHelp field={field} state={state} />}
      />
      {problem === null ? null : (
        <p className={styles["error"]}>
          <FieldError problem={problem} />
        </p>
      )}
    </div>
  );
}

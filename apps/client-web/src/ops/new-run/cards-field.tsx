import { useState } from "react";
import { RadioCards } from "../../ui/radio-cards.tsx";
import type { Field } from "./form/field.ts";
import { FieldError } from "./field-notes.tsx";
import { chosenName } from "./form-field.tsx";
import { useForm } from "./form-context.ts";
import type { FieldState } from "./field-state.ts";
import { words } from "./words.ts";
import styles from "./form.module.css";

/** More cards than this are shown on request. */
const FEW = 6;
/** Of more, so many are shown at first. */
const SHOWN = 3;

/** A choice as cards. */
export function CardsField({
  field,
  state,
}: {
  readonly field: Field;
  readonly state: FieldState;
}) {
  const [areAll, setAll] = useState(false);
  const { facts } = useForm();
  const { shape, path, annotation } = field;
  if (shape.kind !== "choice") return null;
  const chosen = chosenName(field, state);
  const names = shape.options.map(({ name }) => name);
  const ordered = orderedBy(names, Object.keys(facts[path] ?? {}));
  const shown = areAll || names.length <= FEW ? ordered : fewOf(ordered, chosen);
  const cards = shown.map((name) => {
    const known = facts[path]?.[name];
    const description = shape.options.find((option) => option.name === name)?.description ?? "";
    return {
      value: name,
      title: known?.title ?? annotation.values?.[name] ?? name,
      text: known?.text ?? sentence(description),
      meta: known?.meta,
    };
  });
  return (
    <div className={styles["cards"]}>
      <RadioCards label={field.title} value={chosen} options={cards} onChange={state.choose} />
      {state.problem === null ? null : (
        <p className={styles["error"]} role="group">
          <FieldError problem={state.problem} />
        </p>
      )}
      {names.length <= FEW ? null : (
        <p>
          <button
            type="button"
            className={styles["link"]}
            onClick={() => {
              setAll(!areAll);
            }}
          >
            {areAll ? words.fewMethods : words.allMethods(names.length)}
          </button>
        </p>
      )}
    </div>
  );
}

/** The names that have a place first, in its order. */
function orderedBy(names: readonly string[], order: readonly string[]): readonly string[] {
  const placed = order.filter((name) => names.includes(name));
  return [...placed, ...names.filter((name) => !placed.includes(name))];
}

/** The first ones, and among them the one that is chosen. */
function fewOf(names: readonly string[], chosen: string | null): readonly string[] {
  const first = names.slice(0, SHOWN);
  return chosen === null || first.includes(chosen) ? first : [...first.slice(0, SHOWN - 1), chosen];
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Estimate } from "./cost-rows.ts";
import { annotations } from "./annotations.ts";
import { changesOf, formOf } from "./form/changes.ts";
import { formState, reduceForm } from "./form/form-state.ts";
import type { FormState } from "./form/form-state.ts";
import type { JsonObject } from "./form/json.ts";
import { FormContext } from "./form-context.ts";
import { fieldId } from "./field-id.ts";
import { problemsOf } from "./problems.ts";
import { SchemaForm } from "./schema-form.tsx";
import { sectionsOf } from "./sections.ts";
import { anEstimate } from "../test-support/estimates.ts";
import { configShape, triage } from "../test-support/server.ts";

const before = formOf(configShape, triage, annotations).values;

function drawn(state: FormState, estimate?: Estimate): string {
  const { config, entries } = state;
  const form = formOf(configShape, config, annotations);
  const changes = changesOf(form.fields, form.values, before);
  const problems = problemsOf(form, entries, estimate);
  const sections = sectionsOf({
    fields: form.fields,
    config,
    problems,
    changes,
    isFiltered: false,
  });
  const context = { values: form.values, entries, changes, problems, dispatch: () => undefined };
  return renderToStaticMarkup(
    <FormContext value={{ ...context, facts: {} }}>
      <SchemaForm sections={sections} />
    </FormContext>,
  );
}

const fieldAt = (path: string, config: JsonObject = triage) =>
  formOf(configShape, config, annotations).fields.find((field) => field.path === path)!;

describe("the form for a new run", () => {
  it("draws every field of the real config, each with a label and its key", () => {
    const html = drawn(formState(triage));
    const { fields } = formOf(configShape, triage, annotations);
    const lacking = fields.filter(
      ({ path, title, widget }) =>
        !html.includes(`id="${fieldId(path)}"`) ||
        (widget !== "cards" && !html.includes(`>${title}<`)),
    );
    expect(lacking.map(({ path }) => path)).toEqual([]);
  });

  it("draws the options of every method and every kind of privacy", () => {
    for (const choice of ["method", "privacy", "combiner", "training.optimizer"]) {
      const field = fieldAt(choice);
      if (field.shape.kind !== "choice") throw new RangeError(choice);
      for (const { name } of field.shape.options) {
        const state = reduceForm(formState(triage), { type: "choose", field, name });
        const html = drawn(state);
        const { fields } = formOf(configShape, state.config, annotations);
        const lacking = fields.filter(({ path }) => !html.includes(`id="${fieldId(path)}"`));
        expect(lacking.map(({ path }) => path)).toEqual([]);
      }
    }
  });

  it("says what is wrong at its field, and offers what repairs it", () => {
    const html = drawn(formState(triage), anEstimate(0.62));
    const field = html.slice(html.indexOf(`id="${fieldId("privacy.noiseMultiplier")}"`));
    expect(field.slice(0, 3_000)).toMatch(/aria-invalid="true".*40 rounds at 0\.62.*Set 1\.04/s);
    expect(html.includes("1 to fix")).toBe(true);
  });

  it("marks what differs from the preset, with the value that it had", () => {
    const field = fieldAt("training.learningRate");
    const typed = reduceForm(formState(triage), { type: "write", field, text: "0.002", unit: "" });
    const html = drawn(typed);
    expect(html.match(/>changed</g)).toHaveLength(1);
    expect(html.includes("Preset: 0.0005")).toBe(true);
  });

  it("keeps a text as it is written until the field is left", () => {
    const field = fieldAt("training.learningRate");
    const typed = reduceForm(formState(triage), { type: "write", field, text: "2e-3", unit: "" });
    expect(drawn(typed).includes('value="2e-3"')).toBe(true);
    const left = drawn(reduceForm(typed, { type: "leave", field }));
    expect(left.includes('value="0.002"')).toBe(true);
  });

  it("shows markup in a config as text", () => {
    const nasty = "<img src=x onerror=alert(1)>";
    const html = drawn(formState({ ...triage, model: nasty }));
    expect(html.includes("<img src=x")).toBe(false);
    expect(html.includes("&lt;img src=x")).toBe(true);
  });
});

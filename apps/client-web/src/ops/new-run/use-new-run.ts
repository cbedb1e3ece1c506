import { useMemo, useReducer, useState } from "react";
import { useEffect } from "react";
import type { ServerFacts } from "../api/queries.ts";
import { adviceOn } from "./advice.ts";
import type { Advice } from "./advice.ts";
import { annotations } from "./annotations.ts";
import { changesOf, formOf } from "./form/changes.ts";
import { formState, reduceForm } from "./form/form-state.ts";
import { isJsonObject } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";
import { shapeOf } from "./form/shape.ts";
import { dropDraft, keepDraft, tabStorage } from "./draft.ts";
import type { FormContextValue } from "./form-context.ts";
import { methodFacts } from "./method-facts.ts";
import type { FormStart } from "./new-run-page.tsx";
import { problemsOf } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { sectionsOf } from "./sections.ts";
import type { Section } from "./sections.ts";
import { useBytesOf, useEstimate } from "./use-estimate.ts";
import type { CountedCost } from "./cost-panel.tsx";

/** Methods whose bytes are counted for their cards, besides the one that is chosen. */
const counted = ["fedsa-lora", "ffa-lora", "fedsvd"];

/** The form for a new run, and everything that is known of it. */
export interface NewRun {
  readonly config: JsonObject;
  readonly preset: string;
  readonly context: FormContextValue;
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
  readonly advice: readonly Advice[];
  readonly changed: number;
  readonly all: number;
  readonly estimate: CountedCost;
  readonly isFiltered: boolean;
  readonly filter: (isFiltered: boolean) => void;
  readonly replace: (config: JsonObject) => void;
  readonly takePreset: (name: string) => void;
}

/** Holds the form of a page. */
export function useNewRun(server: ServerFacts, start: FormStart): NewRun {
  const [state, dispatch] = useReducer(reduceForm, start.config, formState);
  const [preset, setPreset] = useState(start.preset);
  const [isFiltered, setFiltered] = useState(false);
  const { config, entries } = state;
  const shape = useMemo(() => shapeOf(server.configSchema), [server]);
  const form = useMemo(() => formOf(shape, config, annotations), [shape, config]);
  const base = useMemo(() => presetConfig(server, preset), [server, preset]);
  const before = useMemo(() => formOf(shape, base, annotations).values, [shape, base]);
  const changes = useMemo(() => changesOf(form.fields, form.values, before), [form, before]);
  const estimate = useEstimate(config);
  const bytes = useBytesOf(counted, config);
  const { data } = estimate;
  const problems = useMemo(() => problemsOf(form, entries, data), [form, entries, data]);
  useKeptDraft(config, preset, changes.size > 0);
  const context = useMemo(
    () => ({
      ...{ values: form.values, entries, changes, problems, dispatch },
      facts: { method: methodFacts(server.methods, bytes) },
    }),
    [form, entries, changes, problems, server, bytes],
  );
  const replace = (next: JsonObject): void => {
    dispatch({ type: "replace", config: next });
  };
  return {
    ...{ config, preset, context, problems, estimate, isFiltered, replace },
    sections: sectionsOf({ fields: form.fields, config, problems, changes, isFiltered }),
    advice: adviceOn(form.fields, form.values, changes),
    ...{ changed: changes.size, all: form.fields.length, filter: setFiltered },
    takePreset: (name) => {
      setPreset(name);
      replace(presetConfig(server, name));
    },
  };
}

function presetConfig({ presets }: ServerFacts, name: string): JsonObject {
  const config = presets.find((preset) => preset.name === name)?.config;
  return isJsonObject(config) ? config : {};
}

/** What differs from the preset is kept in this tab until the run is made. */
function useKeptDraft(config: JsonObject, preset: string, isChanged: boolean): void {
  useEffect(() => {
    const storage = tabStorage();
    if (isChanged) keepDraft(storage, { config, preset });
    else dropDraft(storage);
  }, [config, preset, isChanged]);
}

import { useQuery } from "@tanstack/react-query";
import { useSearch } from "wouter";
import { useApi } from "../api/context.tsx";
import { serverQuery } from "../api/queries.ts";
import type { ServerFacts } from "../api/queries.ts";
import { LoadError } from "../shell/load-error.tsx";
import { Loading } from "../shell/loading.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { readDraft, tabStorage } from "./draft.ts";
import { isJsonObject } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";
import { NewRunForm } from "./new-run-form.tsx";
import { words } from "./words.ts";

/** What a run will do and cost, before it is started. */
export function NewRunPage() {
  const { data, error, refetch } = useQuery(serverQuery(useApi()));
  const wanted = new URLSearchParams(useSearch()).get("preset");
  if (data !== undefined) return <NewRunForm server={data} start={startOf(data, wanted)} />;
  return (
    <>
      <PageHead title={words.title} />
      {error === null ? (
        <Loading />
      ) : (
        <LoadError title={words.failed} error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

/** With what the form begins. */
export interface FormStart {
  readonly config: JsonObject;
  /** Name of the preset that the config is held against. */
  readonly preset: string;
  /** Whether it is a form that was not finished. */
  readonly isRestored: boolean;
}

/** The preset of the address, else what was not finished in this tab, else the first preset. */
function startOf({ presets }: ServerFacts, wanted: string | null): FormStart {
  const draft = readDraft(tabStorage());
  const named = presets.find(({ name }) => name === wanted);
  if (draft !== null && (wanted === null || wanted === draft.preset)) {
    return { ...draft, isRestored: true };
  }
  const preset = named ?? presets[0];
  const config = isJsonObject(preset?.config) ? preset.config : {};
  return { config, preset: preset?.name ?? "", isRestored: false };
}

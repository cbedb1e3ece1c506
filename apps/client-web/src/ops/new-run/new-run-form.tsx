import { useRef, useState } from "react";
import { useLocation } from "wouter";
import type { ServerFacts } from "../api/queries.ts";
import { InviteDialog } from "../invite/invite-dialog.tsx";
import { CostBar } from "./cost-bar.tsx";
import { CostPanel } from "./cost-panel.tsx";
import { CreateCard } from "./create-card.tsx";
import { FormContext } from "./form-context.ts";
import { JsonView } from "./json-view.tsx";
import { NewRunHead } from "./new-run-head.tsx";
import type { FormStart } from "./new-run-page.tsx";
import { SchemaForm } from "./schema-form.tsx";
import { SectionNav } from "./section-nav.tsx";
import { SimulationDialog } from "./simulation-dialog.tsx";
import { useCreateRun } from "./use-create-run.ts";
import { useFormView } from "./use-form-view.ts";
import { useNewRun } from "./use-new-run.ts";
import styles from "./new-run-form.module.css";

/** What the form is made of, and with what it begins. */
export interface NewRunFormProps {
  readonly server: ServerFacts;
  readonly start: FormStart;
}

/** The form for a new run, with its sections at the left and its cost at the right. */
export function NewRunForm({ server, start }: NewRunFormProps) {
  const [, navigate] = useLocation();
  const { view, setView, goTo } = useFormView();
  const [isTrying, setTrying] = useState(false);
  const summary = useRef<HTMLDivElement>(null);
  const newRun = useNewRun(server, start);
  const { config, sections, problems, estimate, changed, all, isFiltered } = newRun;
  const creation = useCreateRun(config);
  const create = (): void => {
    if (problems.length === 0) creation.mutate();
    else summary.current?.focus();
  };
  return (
    <FormContext value={newRun.context}>
      <NewRunHead {...{ server, newRun, view }} isRestored={start.isRestored} onView={setView} />
      <div className={styles["columns"]}>
        <div className={styles["sections"]}>
          <SectionNav {...{ sections, changed, all, isFiltered }} onFilter={newRun.filter} />
        </div>
        {view === "form" ? (
          <SchemaForm sections={sections} />
        ) : (
          <JsonView config={config} onChange={newRun.replace} />
        )}
        <div className={styles["aside"]}>
          <div className={styles["cost"]}>
            <CostPanel estimate={estimate} />
          </div>
          <CreateCard
            {...{ problems, summary, advice: newRun.advice, error: creation.error }}
            isBusy={creation.isPending}
            onCreate={create}
            onGoTo={goTo}
            onSimulate={() => {
              setTrying(true);
            }}
          />
        </div>
      </div>
      <CostBar estimate={estimate} />
      <SimulationDialog
        isOpen={isTrying}
        onClose={() => {
          setTrying(false);
        }}
        config={config}
      />
      <InviteDialog
        run={creation.data?.id ?? null}
        onClose={() => {
          if (creation.data !== undefined) navigate(`/runs/${creation.data.id}`);
        }}
      />
    </FormContext>
  );
}

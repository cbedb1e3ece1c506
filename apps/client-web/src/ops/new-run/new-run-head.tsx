import { Braces } from "lucide-react";
import { useState } from "react";
import type { ServerFacts } from "../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { PageHead } from "../shell/page-head.tsx";
import type { FormView } from "./use-form-view.ts";
import type { NewRun } from "./use-new-run.ts";
import { words } from "./words.ts";
import styles from "./new-run-head.module.css";

/** The head of the page. */
export interface NewRunHeadProps {
  readonly server: ServerFacts;
  readonly newRun: NewRun;
  readonly view: FormView;
  readonly onView: (view: FormView) => void;
  readonly isRestored: boolean;
}

const views = [
  { value: "form", label: words.form },
  { value: "json", label: words.json, icon: Braces },
] as const;

/** Title, preset, form or JSON. */
export function NewRunHead({ server, newRun, view, onView, isRestored }: NewRunHeadProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const [isNew, setNew] = useState(isRestored);
  const { preset, changed, takePreset } = newRun;
  const take = (name: string): void => {
    takePreset(name);
    setAsked(null);
    setNew(false);
  };
  return (
    <>
      <PageHead title={words.title}>
        <Select
          label={words.startFrom}
          className={styles["preset"]}
          value={preset}
          options={server.presets.map(({ name, title, summary }) => ({
            ...{ value: name, label: words.preset(title), detail: summary },
          }))}
          onChange={(name) => {
            if (changed === 0) take(name);
            else if (name !== preset) setAsked(name);
          }}
        />
        <Segmented label={words.view} value={view} options={views} onChange={onView} />
      </PageHead>
      {isNew && changed > 0 ? (
        <Restored
          onStartOver={() => {
            take(preset);
          }}
        />
      ) : null}
      <ConfirmDialog
        isOpen={asked !== null}
        onClose={() => {
          setAsked(null);
        }}
        onConfirm={() => {
          if (asked !== null) take(asked);
        }}
        title={words.replace.title}
        effect={words.replace.effect(changed)}
        verb={words.replace.verb}
      />
    </>
  );
}

function Restored({ onStartOver }: { readonly onStartOver: () => void }) {
  return (
    <div className={styles["restored"]}>
      <ErrorNote
        tone="accent"
        title={words.restored}
        actions={
          <Button size="small" onClick={onStartOver}>
            {words.startOver}
          </Button>
        }
      >
        {words.restoredText}
      </ErrorNote>
    </div>
  );
}

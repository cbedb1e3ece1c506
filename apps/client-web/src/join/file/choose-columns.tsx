import { useState } from "react";
import type { Road } from "../../participant/index.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import { repairedMapping } from "../model/file-problems.ts";
import type { ProblemOffer } from "../model/file-problems.ts";
import { fileWords } from "../words/file.ts";
import styles from "./problems.module.css";

/** Columns that are missing. */
export interface ChooseColumnsProps {
  readonly offer: Extract<ProblemOffer, { kind: "choose-columns" }>;
  readonly stage: Road;
}

/** Which columns are meant, with what is probably right chosen beforehand. */
export function ChooseColumns({ offer, stage }: ChooseColumnsProps) {
  const actions = useActions();
  const [chosen, setChosen] = useState<Readonly<Partial<Record<string, string | null>>>>(
    Object.fromEntries(offer.fields.map(({ role, suggestion }) => [role, suggestion])),
  );
  const [isAsked, setAsked] = useState(false);
  const use = () => {
    setAsked(true);
    const facts = stage.file.kind === "problem" ? stage.file.facts : null;
    if (facts === null) return;
    const mapping = repairedMapping(facts, chosen, stage.invitation);
    if (mapping !== null) start(actions.mapColumns(mapping));
  };
  return (
    <div className={styles["choose"]}>
      {offer.fields.map(({ role, field }) => (
        <Select
          key={role}
          label={field}
          value={chosen[role] ?? null}
          placeholder={fileWords.notChosen}
          error={isAsked && (chosen[role] ?? null) === null ? fileWords.notChosen : undefined}
          options={offer.options.map((name) => ({ value: name, label: name }))}
          onChange={(column) => setChosen({ ...chosen, [role]: column })}
        />
      ))}
      <Button onClick={use}>{offer.button}</Button>
    </div>
  );
}

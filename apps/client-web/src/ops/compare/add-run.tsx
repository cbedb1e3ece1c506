import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { Tag } from "../../ui/tag.tsx";
import { useApi } from "../api/context.tsx";
import { runsQuery } from "../api/queries.ts";
import { simulationName, useSimulations } from "../simulations/use-simulations.ts";
import type { CompareParts } from "./compare-page.tsx";
import { words } from "./words.ts";
import styles from "./compare.module.css";

/** Puts more runs beside those that are there. */
export function AddRun({ view, change }: CompareParts) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={styles["add"]}
        onClick={() => {
          setOpen(true);
        }}
      >
        <Plus size={16} strokeWidth={2} aria-hidden />
        {words.add}
      </button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={words.add}>
        {isOpen ? (
          <Choices
            chosen={view.runs}
            onAdd={(name) => {
              change({ runs: [...view.runs, name] });
            }}
          />
        ) : null}
      </Dialog>
    </>
  );
}

/** Runs of the newest that are offered. */
const offered = 100;

interface Choice {
  readonly name: string;
  readonly label: string;
  readonly detail: string;
  readonly isSimulation: boolean;
}

function useChoices(text: string): readonly Choice[] {
  const { data } = useQuery(runsQuery(useApi(), { text, limit: offered }));
  const { list } = useSimulations();
  const wanted = text.toLowerCase();
  const simulations = (list ?? []).map(({ id, name, settings }): Choice => ({
    ...{ name: simulationName(id), label: name, detail: settings.method, isSimulation: true },
  }));
  const runs = (data?.items ?? []).map(({ id, method, model }): Choice => ({
    ...{ name: id, label: id, detail: `${method}, ${model}`, isSimulation: false },
  }));
  const found = simulations.filter(({ label, detail }) =>
    `${label} ${detail}`.toLowerCase().includes(wanted),
  );
  return [...runs, ...found];
}

interface ChoicesProps {
  readonly chosen: readonly string[];
  readonly onAdd: (name: string) => void;
}

function Choices({ chosen, onAdd }: ChoicesProps) {
  const [text, setText] = useState("");
  const choices = useChoices(text).filter(({ name }) => !chosen.includes(name));
  return (
    <div className={styles["choices"]}>
      <TextField
        label="Find by name, method or model"
        type="search"
        value={text}
        onChange={setText}
      />
      {choices.length === 0 ? (
        <Empty title="No other run">
          Runs and simulations that are not on the page yet stand here.
        </Empty>
      ) : (
        <ul className={styles["list"]}>
          {choices.map(({ name, label, detail, isSimulation }) => (
            <li key={name} className={styles["choice"]}>
              <span className={styles["choiceText"]}>
                <b className={styles["name"]}>{label}</b>
                <span className={styles["seeds"]}>{detail}</span>
              </span>
              {isSimulation ? <Tag kind="dashed">simulation</Tag> : null}
              <Button
                size="small"
                aria-label={`Add ${label}`}
                onClick={() => {
                  onAdd(name);
                }}
              >
                Add
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

import { runStates } from "@fedtune/figures";
import type { RunStateName } from "@fedtune/figures";
import { Columns3, GitCompareArrows } from "lucide-react";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { focusWithin } from "../shell/focus.ts";
import { useShortcuts } from "../shell/shortcuts.tsx";
import { ColumnsDialog } from "./columns-dialog.tsx";
import type { RunsView } from "./view.ts";
import { words } from "./words.ts";
import styles from "./runs-toolbar.module.css";

/** The view, and the runs that are chosen for comparison. */
export interface RunsToolbarProps {
  readonly view: RunsView;
  readonly onChange: (change: Partial<RunsView>) => void;
  readonly chosen: readonly string[];
}

const states = Object.entries(runStates).map(([value, { word }]) => ({ value, label: word }));
const stateOptions = [{ value: "any", label: words.anyState }, ...states];

const searchId = "runs-search";

/** Search, filter, columns, and the way to the comparison. */
export function RunsToolbar({ view, onChange, chosen }: RunsToolbarProps) {
  const [isChoosing, setChoosing] = useState(false);
  const target = chosen.length < 2 ? null : `/compare?runs=${chosen.join(",")}`;
  useToolbarKeys(target);
  return (
    <div className={styles["bar"]}>
      <TextField
        label={words.search}
        type="search"
        value={view.text}
        onChange={(text) => {
          onChange({ text });
        }}
        id={searchId}
        className={styles["search"]}
      />
      <Select
        label={words.state}
        value={view.state ?? "any"}
        options={stateOptions}
        onChange={(state) => {
          onChange({ state: state === "any" ? null : (state as RunStateName) });
        }}
        className={styles["state"]}
      />
      <div className={styles["actions"]}>
        <Button
          icon={Columns3}
          onClick={() => {
            setChoosing(true);
          }}
        >
          {words.columns}
        </Button>
        <CompareButton target={target} count={chosen.length} />
      </div>
      <ColumnsDialog
        isOpen={isChoosing}
        onClose={() => {
          setChoosing(false);
        }}
        columns={view.columns}
        onChange={(columns) => {
          onChange({ columns });
        }}
      />
    </div>
  );
}

interface CompareButtonProps {
  /** Null: too few runs are chosen. */
  readonly target: string | null;
  readonly count: number;
}

function CompareButton({ target, count }: CompareButtonProps) {
  const [, navigate] = useLocation();
  return (
    <Button
      icon={GitCompareArrows}
      disabled={target === null}
      title={target === null ? words.compareHint : undefined}
      onClick={() => {
        if (target !== null) navigate(target);
      }}
    >
      {words.compare(count)}
    </Button>
  );
}

function useToolbarKeys(target: string | null): void {
  const [, navigate] = useLocation();
  const shortcuts = useMemo(() => {
    const search = (): void => {
      focusWithin(searchId);
    };
    const compare = (): void => {
      if (target !== null) navigate(target);
    };
    return [
      { keys: "/", title: words.filterShortcut, run: search },
      { keys: "c", title: words.compareShortcut, run: compare },
    ];
  }, [navigate, target]);
  useShortcuts(shortcuts);
}

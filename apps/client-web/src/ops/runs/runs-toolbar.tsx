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
  const [, navigate] = useLocation();
  const [isChoosing, setChoosing] = useState(false);
  const target = chosen.length < 2 ? null : `/compare?runs=${chosen.join(",")}`;
  const shortcuts = useMemo(
    () => [
      {
        keys: "/",
        title: words.filterShortcut,
        run: () => {
          focusWithin(searchId);
        },
      },
      {
        keys: "c",
        title: words.compareShortcut,
        run: () => {
          if (target !== null) navigate(target);
        },
      },
    ],
    [navigate, target],
  );
  useShortcuts(shortcuts);
  return (
    <div className={styles["bar"]}>
      <TextField
        label={words.search}
        help={words.searchHelp}
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
        <Button
          icon={GitCompareArrows}
          disabled={target === null}
          title={target === null ? words.compareHint : undefined}
          onClick={() => {
            if (target !== null) navigate(target);
          }}
        >
          {words.compare(chosen.length)}
        </Button>
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

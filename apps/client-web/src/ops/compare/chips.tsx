import { X } from "lucide-react";
import { Link } from "wouter";
import { Tag } from "../../ui/tag.tsx";
import type { CompareParts } from "./compare-page.tsx";
import { LineKey } from "./line-key.tsx";
import type { RunGroup } from "./model/groups.ts";
import { words } from "./words.ts";
import styles from "./compare.module.css";

/** What is compared, each with its line and a way out. */
export function Chips({ groups, view, change, placeOf }: CompareParts) {
  const without = ({ runs }: RunGroup): void => {
    const gone = new Set(runs.map(({ name }) => name));
    change({ runs: view.runs.filter((run) => !gone.has(run)) });
  };
  return groups.map((group) => (
    <span key={group.id} className={styles["chip"]}>
      <LineKey place={placeOf(group)} />
      <Name group={group} />
      <span className={styles["seeds"]}>{words.seeds(group.runs.length)}</span>
      {group.runs.some(({ isSimulation }) => isSimulation) ? (
        <Tag kind="dashed">simulation</Tag>
      ) : null}
      <button
        type="button"
        className={styles["out"]}
        aria-label={words.remove(group.label)}
        onClick={() => {
          without(group);
        }}
      >
        <X size={15} strokeWidth={2} aria-hidden />
      </button>
    </span>
  ));
}

function Name({ group: { label, runs } }: { readonly group: RunGroup }) {
  const [only] = runs;
  if (only === undefined || runs.length > 1 || only.isSimulation)
    return <span className={styles["name"]}>{label}</span>;
  return (
    <Link href={`/runs/${encodeURIComponent(only.id)}`} className={styles["name"]}>
      {label}
    </Link>
  );
}

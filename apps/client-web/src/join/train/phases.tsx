import { Check } from "lucide-react";
import { classes } from "../../ui/classes.ts";
import type { PhasesView, PhaseView } from "../model/phases.ts";
import { Rich } from "../parts/rich.tsx";
import { trainWords } from "../words/train.ts";
import styles from "./phases.module.css";

/** The round at hand: one bar for each of its phases. */
export const Phases = ({ view }: { readonly view: PhasesView }) => (
  <div className={styles["round"]}>
    <div className={styles["head"]}>
      <h2>{trainWords.thisRound}</h2>
      {view.step === null ? null : <span>{view.step}</span>}
    </div>
    <div
      role="progressbar"
      aria-label={trainWords.thisRound}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percentOf(view)}
      aria-valuetext={view.valueText}
      className={styles["phases"]}
      style={{
        gridTemplateColumns: view.phases
          .map(({ phase }) => (phase === "learn" ? "3fr" : "minmax(0, 1fr)"))
          .join(" "),
      }}
    >
      {view.phases.map((phase) => (
        <Phase key={phase.phase} phase={phase} />
      ))}
    </div>
    <p className={styles["phone"]}>
      <Rich text={view.phoneText} />
    </p>
  </div>
);

const percentOf = ({ phases }: PhasesView): number => {
  const done = phases.reduce(
    (sum, { state, share }) => sum + (state === "done" ? 1 : (share ?? 0)),
    0,
  );
  return Math.round((100 * done) / phases.length);
};

const Phase = ({ phase: { name, note, state, share } }: { readonly phase: PhaseView }) => (
  <div className={classes(styles["phase"], styles[state])}>
    <span className={styles["track"]}>
      <span className={styles["bar"]} style={{ transform: `scaleX(${share ?? 1})` }} />
    </span>
    <span className={styles["name"]}>
      {state === "done" ? <Check size={13} strokeWidth={2.6} aria-hidden /> : null}
      {name}
    </span>
    <span className={styles["note"]}>{note}</span>
  </div>
);

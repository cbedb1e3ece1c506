import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Hint } from "../ui/hint.tsx";
import styles from "./chart-state.module.css";

/** Why a chart shows no values, if it does not. */
export type ChartState =
  | { readonly kind: "ready" }
  /** The axes stand; after 300 ms a thin line at the top says that something is under way. */
  | { readonly kind: "loading" }
  /** "First value after round 1, expected 14:09" */
  | { readonly kind: "before"; readonly text: ReactNode }
  /** "Could not load the loss curve. Server answered 503 at 14:06:18." */
  | { readonly kind: "error"; readonly text: ReactNode; readonly onRetry?: () => void }
  /** "This method has no aggregation error: its mean is exact." */
  | { readonly kind: "empty"; readonly text: ReactNode }
  /** "Withheld: exact client losses would leak." and why. */
  | { readonly kind: "withheld"; readonly text: ReactNode; readonly why: ReactNode };

/** The words over an empty plot. */
export function ChartStateNote({ state }: { readonly state: ChartState }) {
  if (state.kind === "ready") return null;
  if (state.kind === "loading") {
    return (
      <div className={styles["loading"]} role="status">
        <span className={styles["hidden"]}>Loading</span>
      </div>
    );
  }
  return (
    <div className={styles["note"]}>
      <p className={styles["text"]}>{state.text}</p>
      {state.kind === "error" && state.onRetry !== undefined ? (
        <Button size="small" onClick={state.onRetry}>
          Try again
        </Button>
      ) : null}
      {state.kind === "withheld" ? <Hint label="Why">{state.why}</Hint> : null}
    </div>
  );
}

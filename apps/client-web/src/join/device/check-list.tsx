import { Check, Circle, LoaderCircle } from "lucide-react";
import { iconSizes } from "../../ui/icon.ts";
import { Progress } from "../../ui/progress.tsx";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import type { CheckLine } from "../model/device.ts";
import { wholePercent } from "../model/file.ts";
import { deviceWords } from "../words/device.ts";
import styles from "./check-list.module.css";

const icons = { waits: Circle, running: LoaderCircle, good: Check } as const;

/** The lines of the check, one below the other as they come. */
export const CheckList = ({ lines }: { readonly lines: readonly CheckLine[] }) => (
  <ul className={styles["list"]}>
    {lines.map((line) => (
      <Line key={line.term} line={line} />
    ))}
  </ul>
);

function Line({ line: { term, value, state, share } }: { readonly line: CheckLine }) {
  const Drawn = icons[state];
  return (
    <li className={styles["line"]} data-state={state}>
      <Drawn {...iconSizes.button} aria-hidden />
      <span className={styles["term"]}>{term}</span>
      <span className={styles["value"]}>
        {value}
        {state === "running" ? <VisuallyHidden>, {deviceWords.running}</VisuallyHidden> : null}
      </span>
      {state === "running" ? (
        <span className={styles["bar"]}>
          <Progress
            label={term}
            value={share}
            valueText={share === null ? deviceWords.running : wholePercent(share)}
            height={4}
          />
        </span>
      ) : null}
    </li>
  );
}

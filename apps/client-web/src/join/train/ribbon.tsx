import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import type { RibbonState, RibbonView } from "../model/ribbon.ts";
import { trainWords } from "../words/train.ts";
import styles from "./ribbon.module.css";

/** All rounds. */
export interface RibbonProps {
  readonly ribbon: RibbonView;
  /** "about 2 h left" */
  readonly left: string;
}

/** All rounds as one picture with a sentence, a key, and the same as a list for those who cannot see it. */
export const Ribbon = ({ ribbon, left }: RibbonProps) => (
  <div>
    <div className={styles["head"]}>
      <h2>{trainWords.allRounds}</h2>
      <span>{left}</span>
    </div>
    <div
      role="img"
      aria-label={ribbon.sentence}
      className={styles["cells"]}
      style={{ gridTemplateColumns: `repeat(${ribbon.cells.length}, minmax(0, 1fr))` }}
    >
      {ribbon.cells.map(({ first, state, share }) => (
        <Cell key={first} state={state} share={share} />
      ))}
    </div>
    <VisuallyHidden as="div">
      <ol>
        {ribbon.list.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
    </VisuallyHidden>
    <ul className={styles["key"]}>
      {ribbon.key.map(({ state, text }) => (
        <li key={state}>
          <span className={styles["sample"]} aria-hidden>
            <Cell state={state} share={0} />
          </span>
          {text}
        </li>
      ))}
    </ul>
  </div>
);

const Cell = ({ state, share }: { readonly state: RibbonState; readonly share: number }) => (
  <span className={styles["cell"]} data-state={state}>
    {state === "now" ? <span style={{ height: `${100 * share}%` }} /> : null}
  </span>
);

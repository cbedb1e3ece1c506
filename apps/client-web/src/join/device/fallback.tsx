import { ErrorNote } from "../../ui/error-note.tsx";
import type { FallbackView } from "../model/device.ts";
import { deviceWords } from "../words/device.ts";
import styles from "./fallback.module.css";

/** Why not the graphics card, what that costs, what else one may do; it hinders nobody from starting. */
export const Fallback = ({ fallback }: { readonly fallback: FallbackView }) => (
  <ErrorNote title={fallback.title} tone="wait">
    {fallback.text}
    <div className={styles["ways"]}>
      <details>
        <summary>{deviceWords.fallbackOther}</summary>
        <p>{deviceWords.fallbackOtherText}</p>
      </details>
      <details>
        <summary>{deviceWords.details}</summary>
        <ul>
          {fallback.tried.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </details>
    </div>
  </ErrorNote>
);

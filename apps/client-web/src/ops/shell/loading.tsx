import { useEffect, useState } from "react";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import { words } from "../words.ts";
import styles from "./loading.module.css";

/** From when on it is worth saying that something is loading. */
const QUIET_MS = 300;

/** A thin line at the top of what is loading; nothing at all for what is quick. */
export function Loading() {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSlow(true);
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return (
    <div className={styles["place"]} aria-busy="true">
      {isSlow ? (
        <div className={styles["line"]}>
          <VisuallyHidden>{words.loading}</VisuallyHidden>
        </div>
      ) : null}
    </div>
  );
}

import { useEffect, useState } from "react";
import { connectionText, useFeedState } from "../feed/index.ts";
import { StateIcon } from "../../ui/state-icon.tsx";
import styles from "./connection-pill.module.css";

/** How often "1 s ago" is looked at again. */
const TICK_MS = 1_000;

/** How the feed is that the page follows; nothing where it follows none. */
export function ConnectionPill() {
  const state = useFeedState();
  const nowMs = useNow(state !== null);
  if (state === null) return null;
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const { look, text } = connectionText(state, { nowMs, timeZone });
  return (
    <span className={styles["pill"]} data-tone={look.tone} title={text}>
      <StateIcon icon={look.icon} />
      <span className={styles["text"]}>{text}</span>
    </span>
  );
}

function useNow(isNeeded: boolean): number {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isNeeded) return;
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, [isNeeded]);
  return nowMs;
}

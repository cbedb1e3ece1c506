import { formatTimeOfDay } from "@fedtune/figures";
import { Activity } from "lucide-react";
import { iconSizes } from "../../../ui/icon.ts";
import { StateIcon } from "../../../ui/state-icon.tsx";
import type { LogEntry } from "../model/event-log.ts";
import styles from "./events.module.css";

/** Lines of the log. */
export interface EventListProps {
  readonly entries: readonly LogEntry[];
  readonly timeZone: string;
}

/** What happened, the latest first. */
export const EventList = ({ entries, timeZone }: EventListProps) => (
  <ul className={styles["list"]}>
    {entries.map((entry) => (
      <li key={entry.id} className={styles["line"]}>
        <EventLine entry={entry} timeZone={timeZone} />
      </li>
    ))}
  </ul>
);

/** What an item of the list holds. */
export function EventLine({
  entry,
  timeZone,
}: {
  readonly entry: LogEntry;
  readonly timeZone: string;
}) {
  const { atMs, icon, tone, text } = entry;
  return (
    <>
      <time className={styles["time"]} dateTime={new Date(atMs).toISOString()}>
        {formatTimeOfDay(atMs, timeZone)}
      </time>
      <span className={styles["icon"]} data-tone={tone}>
        {icon === "activity" ? (
          <Activity {...iconSizes.text} aria-hidden />
        ) : (
          <StateIcon icon={icon} />
        )}
      </span>
      <span className={styles["text"]}>{text}</span>
    </>
  );
}

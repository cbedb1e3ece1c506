import { useVirtualizer } from "@tanstack/react-virtual";
import { formatCount } from "@fedtune/figures";
import { ArrowUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { RefObject } from "react";
import { Button } from "../../../ui/button.tsx";
import { classes } from "../../../ui/classes.ts";
import { EventLine } from "./event-list.tsx";
import type { EventListProps } from "./event-list.tsx";
import styles from "./events.module.css";
import rows from "./virtual-events.module.css";

/** A line of one text row; longer ones are measured. */
const LINE_PX = 28;
/** So near to the top counts as at the top. */
const TOP_PX = 24;

/** Any number of lines; it holds its place when scrolled and says how many are new. */
export function VirtualEvents({ entries, timeZone }: EventListProps) {
  const frame = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: entries.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PX,
    getItemKey: (at) => entries[at]?.id ?? at,
    overscan: 12,
  });
  const fresh = useHeldPlace(frame, entries);
  const items = list.getVirtualItems();
  return (
    <div
      ref={frame}
      className={rows["frame"]}
      tabIndex={0}
      role="group"
      aria-label="Events, the latest first"
    >
      {fresh > 0 ? (
        <div className={styles["fresh"]}>
          <Button
            size="small"
            icon={ArrowUp}
            onClick={() => {
              frame.current?.scrollTo({ top: 0 });
            }}
          >
            {formatCount(fresh)} new
          </Button>
        </div>
      ) : null}
      <ul className={rows["list"]} style={{ height: list.getTotalSize() }}>
        {items.map(({ key, index, start }) => {
          const entry = entries[index];
          return entry === undefined ? null : (
            <li
              key={key}
              data-index={index}
              ref={list.measureElement}
              className={classes(styles["line"], rows["place"])}
              style={{ transform: `translateY(${start}px)` }}
            >
              <EventLine entry={entry} timeZone={timeZone} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Keeps what is read where it is while lines come in above it; how many came since the top was left. */
function useHeldPlace(
  frame: RefObject<HTMLDivElement | null>,
  entries: EventListProps["entries"],
): number {
  const newest = entries[0]?.id ?? null;
  const [seen, setSeen] = useState(newest);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = (): void => {
      if (element.scrollTop <= TOP_PX) setSeen(newest);
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      element.removeEventListener("scroll", look);
    };
  }, [frame, newest]);
  return Math.max(
    entries.findIndex(({ id }) => id === seen),
    0,
  );
}

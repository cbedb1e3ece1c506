/** Whether the page at hand is the first one, whose focus the browser has set, or one that was gone to. */
import { useEffect } from "react";
import type { RefObject } from "react";

let routesSeen = 0;

/** Tells that another route is shown; for the one place that knows. */
export function useRouteSeen(path: string): void {
  useEffect(() => {
    routesSeen += 1;
  }, [path]);
}

/** Puts the focus on a page's heading when the page was gone to, so that it is read out. */
export function useArrival(heading: RefObject<HTMLHeadingElement | null>): void {
  useEffect(() => {
    if (routesSeen > 0) heading.current?.focus();
  }, [heading]);
}

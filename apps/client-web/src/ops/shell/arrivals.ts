/** Whether the page at hand is the first one, whose focus the browser has set, or one that was gone to. */
import { useEffect, useLayoutEffect } from "react";
import type { RefObject } from "react";

/** The path at which the app was opened, and whether it was ever left. */
const visit: { first: string | null; hasLeft: boolean } = { first: null, hasLeft: false };

/** Tells which route is shown; for the one place that knows. */
export function useRouteSeen(path: string): void {
  // Before the effects of the page that the route brings.
  useLayoutEffect(() => {
    visit.first ??= path;
    if (path !== visit.first) visit.hasLeft = true;
  }, [path]);
}

/** Puts the focus on a page's heading when the page was gone to, so that it is read out. */
export function useArrival(heading: RefObject<HTMLHeadingElement | null>): void {
  useEffect(() => {
    if (visit.hasLeft) heading.current?.focus();
  }, [heading]);
}

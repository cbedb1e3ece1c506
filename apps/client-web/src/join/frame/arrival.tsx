import { createContext, use, useEffect, useRef, type ReactNode, type RefObject } from "react";

const Arrival = createContext<{ readonly current: boolean }>({ current: false });

/** Knows whether one has gone from page to page, or has just come: the first page leaves the focus to the browser. */
export function ArrivalProvider({ children }: { readonly children: ReactNode }) {
  const hasGone = useRef(false);
  useEffect(() => {
    const ended = new AbortController();
    // The router tells of its own steps by an event of this name.
    for (const step of ["pushState", "popstate"])
      addEventListener(step, () => (hasGone.current = true), { signal: ended.signal });
    return () => {
      ended.abort();
    };
  }, []);
  return <Arrival value={hasGone}>{children}</Arrival>;
}

/** Gives an element the focus when its page was gone to. */
export function useFocusOnArrival(element: RefObject<HTMLElement | null>): void {
  const hasGone = use(Arrival);
  useEffect(() => {
    if (hasGone.current) element.current?.focus();
  }, [element, hasGone]);
}

import { createContext, use, useEffect, useRef, type ReactNode, type RefObject } from "react";

/** How one came to a page: it is the first, one went on to it, or back. */
type Way = "first" | "on" | "back";

const Arrival = createContext<{ readonly current: Way }>({ current: "first" });

/** Knows whether one has gone from page to page, or has just come: the first page leaves the focus to the browser. */
export function ArrivalProvider({ children }: { readonly children: ReactNode }) {
  const way = useRef<Way>("first");
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    // The router tells of its own steps by an event of this name.
    addEventListener("pushState", () => (way.current = "on"), { signal });
    addEventListener("popstate", () => (way.current = "back"), { signal });
    return () => {
      ended.abort();
    };
  }, []);
  return <Arrival value={way}>{children}</Arrival>;
}

/** Gives an element the focus when its page was gone to; a page that one went on to begins at its top. */
export function useFocusOnArrival(element: RefObject<HTMLElement | null>): void {
  const way = use(Arrival);
  useEffect(() => {
    if (way.current === "first") return;
    element.current?.focus({ preventScroll: true });
    if (way.current === "on") scrollTo(0, 0);
  }, [element, way]);
}

import { useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useMe } from "../api/session.ts";
import { keptText, keptView, searchOf, viewOf } from "./view.ts";
import type { RunsView } from "./view.ts";

/** What this browser keeps for a person; nothing where storage is denied. */
function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // The view still stands in the address.
  }
}

/** The view of the list, and what changes it: the address at once, what is kept per person too. */
export function useRunsView(): readonly [RunsView, (change: Partial<RunsView>) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const key = `runs-view:${useMe()?.actor ?? ""}`;
  const [kept, setKept] = useState(() => keptView(stored(key)));
  const view = useMemo(() => viewOf(search, kept), [search, kept]);
  const change = (changes: Partial<RunsView>): void => {
    const next = { ...view, ...changes };
    if (changes.sorting !== undefined || changes.columns !== undefined) {
      setKept(next);
      store(key, keptText(next));
    }
    const query = searchOf(next);
    navigate(query === "" ? "/runs" : `/runs?${query}`, { replace: true });
  };
  return [view, change];
}

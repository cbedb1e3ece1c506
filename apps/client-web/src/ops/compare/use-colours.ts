import { useEffect, useMemo, useState } from "react";
import { coloursFor, keptColours } from "./model/colours.ts";
import type { RunColours } from "./model/colours.ts";
import type { RunGroup } from "./model/groups.ts";

const key = "run-colours";

/** What this browser remembers; nothing where storage is denied or broken. */
function remembered(): RunColours {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    if (typeof parsed !== "object" || parsed === null) return {};
    const places = Object.entries(parsed).filter(
      (entry): entry is [string, number] => Number.isInteger(entry[1]) && Number(entry[1]) >= 0,
    );
    return Object.fromEntries(places);
  } catch {
    return {};
  }
}

function remember(colours: RunColours): void {
  try {
    localStorage.setItem(key, JSON.stringify(colours));
  } catch {
    // The colours still hold for this page.
  }
}

/** The place of each group in the palette: a run keeps its colour for life. */
export function useColours(groups: readonly RunGroup[]): (group: RunGroup) => number {
  const [known] = useState(remembered);
  const given = useMemo(
    () =>
      coloursFor(
        known,
        groups.map(({ id }) => id),
      ),
    [known, groups],
  );
  useEffect(() => {
    if (groups.length > 0) remember(keptColours(remembered(), given));
  }, [groups, given]);
  return useMemo(
    () =>
      ({ id }: RunGroup) =>
        given[id] ?? 0,
    [given],
  );
}

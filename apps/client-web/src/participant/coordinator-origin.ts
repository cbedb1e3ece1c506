/** Where the coordinator of these pages is: at their own origin, unless they were built for a host of their own. */

/** Where pages are, and for whom they were built. */
export interface PagesPlace {
  /** Their own origin. */
  readonly own: string;
  /** Origin of the coordinator that `build.mjs --coordinator` named; null: they come from the coordinator itself. */
  readonly builtFor: string | null;
}

/** Who answers for a link to an origin: for one to the pages' own, the coordinator that they were built for. */
export function coordinatorOf(
  origin: string,
  { own, builtFor }: PagesPlace = thesePages(),
): string {
  return builtFor !== null && origin === own ? builtFor : origin;
}

function thesePages(): PagesPlace {
  const own = typeof location === "undefined" ? "" : location.origin;
  return { own, builtFor: import.meta.env.VITE_FEDTUNE_COORDINATOR ?? null };
}

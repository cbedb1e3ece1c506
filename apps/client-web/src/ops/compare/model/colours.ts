/** A run keeps its colour for life: who was blue yesterday is blue today, whatever stands beside it. */
import { seriesColours } from "@fedtune/figures";

/** Places in the palette by run. */
export type RunColours = Readonly<Record<string, number>>;

/** Colours that are remembered; the oldest are forgotten. */
const mostKept = 500;

/**
 * Gives every run of a page a place of its own for as long as there are enough: known ones keep theirs, unless another run of
 * the page has it already; beyond the palette all are alike.
 */
export function coloursFor(known: RunColours, runs: readonly string[]): RunColours {
  const taken = new Set<number>();
  const given: Record<string, number> = {};
  for (const run of runs) {
    const place = known[run];
    if (place === undefined || place >= seriesColours.length || taken.has(place)) continue;
    taken.add(place);
    given[run] = place;
  }
  for (const run of runs) {
    if (given[run] !== undefined) continue;
    const free = seriesColours.findIndex((_, place) => !taken.has(place));
    const place = free < 0 ? seriesColours.length : free;
    if (free >= 0) taken.add(place);
    given[run] = place;
  }
  return given;
}

/** What is remembered after a page; a run that could not have its colour this once keeps it. */
export function keptColours(known: RunColours, given: RunColours): RunColours {
  const fresh = Object.entries(given).filter(
    ([run, place]) => known[run] === undefined && place < seriesColours.length,
  );
  return Object.fromEntries([...Object.entries(known), ...fresh].slice(-mostKept));
}

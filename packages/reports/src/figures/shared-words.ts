/** Sentences that stand below several figures. */
import type { Summary } from "../summary/summarize.ts";
import { counted } from "../words.ts";

/** A figure shows at most so many panels, tables show all. */
export const mostPanels = 12;

/** Panels that a figure leaves out; empty: none. */
export function leftOutText({ panels }: Summary): string {
  const out = panels.length - mostPanels;
  return out > 0 ? `Not drawn: ${counted(out, "more panel")}, see the tables.` : "";
}

/** How many seeds a mean stands for: `n = 3.`, `n = 2 to 3.`; with one, that there is no interval. */
export function seedsText({ panels }: Summary): string {
  const counts = panels.flatMap(({ groups }) => groups.map(({ outcome }) => outcome.value?.n ?? 0));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return "One seed each, so there is no interval.";
  const range = least === most ? String(most) : `${String(least)} to ${String(most)}`;
  return `n = ${range} seeds.${least === 1 ? " One seed alone has no interval." : ""}`;
}

/** The views of a run and their addresses. */
import { formatCount } from "@fedtune/figures";
import type { TabLink } from "../../ui/tabs.tsx";
import type { Run } from "./model/api-types.ts";
import type { RoundFigures } from "./model/round-figures.ts";

/** Views as they stand in addresses; the overview has none. */
export const runTabs = [
  ...(["overview", "rounds", "participants", "privacy", "layers"] as const),
  ...(["events", "config", "files"] as const),
];
/** One of {@link runTabs}. */
export type RunTab = (typeof runTabs)[number];

/** The view that an address names; null: there is none of that name. */
export function tabOf(tab: string | undefined): RunTab | null {
  if (tab === undefined || tab === "") return "overview";
  return runTabs.find((one) => one === tab && one !== "overview") ?? null;
}

/** Address of a view. */
export function tabHref(run: string, tab: RunTab, sub?: string): string {
  const base = `/runs/${encodeURIComponent(run)}`;
  if (tab === "overview") return base;
  return sub === undefined ? `${base}/${tab}` : `${base}/${tab}/${encodeURIComponent(sub)}`;
}

const titles: Readonly<Record<RunTab, string>> = {
  ...{ overview: "Overview", rounds: "Rounds", participants: "Participants", privacy: "Privacy" },
  ...{ layers: "Layers", events: "Events", config: "Config", files: "Files" },
};

/** Files of a run besides its adapters: rounds twice, config, privacy record. */
const recordFiles = 4;

/** How much is behind each view, where that can be counted. */
function countsOf(
  { state, committedRounds, figures, presence }: Run,
  rows: readonly RoundFigures[],
): Partial<Record<RunTab, number>> {
  const layers = Object.keys(rows.at(-1)?.aggregationError?.modules ?? {}).length;
  return {
    rounds: Math.max(state.round, committedRounds),
    ...(presence === "hidden" ? {} : { participants: figures.joined }),
    ...(layers === 0 ? {} : { layers }),
    files: committedRounds + recordFiles,
  };
}

/** Links to all views, with how much is behind them. */
export function tabLinks(run: Run, rows: readonly RoundFigures[]): readonly TabLink[] {
  const counts = countsOf(run, rows);
  return runTabs.map((tab) => {
    const count = counts[tab];
    const link = { href: tabHref(run.id, tab), label: titles[tab] };
    return count === undefined ? link : { ...link, count: formatCount(count) };
  });
}

/** The views of a run and their addresses. */
import { formatCount } from "@fedtune/figures";
import type { TabLink } from "../../ui/tabs.tsx";
import type { Run } from "./model/api-types.ts";

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

/** Links to all views, with how much is behind them. */
export function tabLinks({ id, state, committedRounds, figures }: Run): readonly TabLink[] {
  const rounds = Math.max(state.round, committedRounds);
  const counts: Partial<Record<RunTab, number>> = { rounds, participants: figures.joined };
  return runTabs.map((tab) => {
    const count = counts[tab];
    const link = { href: tabHref(id, tab), label: titles[tab] };
    return count === undefined ? link : { ...link, count: formatCount(count) };
  });
}

/** A view's name as a word of a title. */
export const tabTitle = (tab: RunTab): string => titles[tab];

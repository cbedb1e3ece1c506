/** Who got what: clients by labels. */
import { columnWidth, countFigure, mostOf, panelGrid, type CountMap } from "@fedtune/figures";
import type { PartitionDescription } from "@fedtune/simulation";
import type { GroupSummary, Summary } from "../summary/summarize.ts";
import { counted } from "../words.ts";
import type { ReportFigure } from "./figure.ts";

/** More maps than these say no more. */
const mostMaps = 4;
/** Clients of a map. */
const mostClients = 200;

interface FoundPartition {
  readonly shares: PartitionDescription;
  readonly title: string;
  readonly names: readonly string[] | null;
}

/** The partitions of the first seed as heat maps; null: no data was dealt. */
export function partitionFigure(summary: Summary): ReportFigure | null {
  const found = partitionsOf(summary);
  const [first] = found;
  if (first === undefined) return null;
  const shown = found.slice(0, mostMaps);
  const maps = shown.map(({ shares, names }) => mapOf(shares, names));
  const most = mostOf(maps);
  const clients = Math.max(...shown.map(({ shares }) => shares.clients.length));
  const out = found.length - shown.length;
  const foot = [
    `Examples per client and label, seed ${String(first.seed)}.`,
    clients > mostClients ? `The first ${String(mostClients)} of ${String(clients)} clients.` : "",
    out > 0 ? `Not drawn: ${counted(out, "more partition")}.` : "",
  ];
  return {
    name: "partition",
    title: "Who has what",
    subtitle: "training examples of each client (rows) by label (columns)",
    foot: foot.filter((text) => text !== "").join(" "),
    description: shown
      .map(
        ({ shares }) =>
          `${String(shares.rows)} examples over ${counted(shares.clients.length, "client")}.`,
      )
      .join(" "),
    draw: (width) => {
      const columns = shown.length > 1 && width >= 600 ? 2 : 1;
      const own = columnWidth(width, columns);
      const panels = maps.map((map, at) => {
        const title = shown.length > 1 ? (shown[at]?.title ?? "") : "";
        return { title, scene: countFigure({ ...map, most }, own) };
      });
      return panelGrid(panels, { width, columns });
    },
  };
}

/** Different partitions of the first cell's seed, in the order of cells. */
function partitionsOf({ panels }: Summary): (FoundPartition & { readonly seed: number })[] {
  const groups = panels.flatMap((panel) => panel.groups);
  const seed = groups.flatMap(({ cells }) => cells).find(({ shares }) => shares !== null)?.seed;
  const found = new Map<string, FoundPartition & { readonly seed: number }>();
  for (const group of groups) {
    for (const { shares, config, seed: own } of group.cells) {
      if (shares === null || own !== seed) continue;
      const key = JSON.stringify(shares);
      if (!found.has(key))
        found.set(key, { shares, seed, title: titleOf(group), names: labelNames(config) });
    }
  }
  return [...found.values()];
}

/** What of a group's settings has to do with data. */
function titleOf({ panel, value }: GroupSummary): string {
  const ofData = panel.filter(([name]) => name.startsWith("simulation."));
  return ofData.length > 0 ? ofData.map(([name, text]) => `${name} ${text}`).join(", ") : value;
}

function labelNames({ task }: Readonly<Record<string, unknown>>): readonly string[] | null {
  const labels: unknown =
    typeof task === "object" && task !== null ? Reflect.get(task, "labels") : null;
  return Array.isArray(labels) ? labels.map(String) : null;
}

function mapOf({ clients }: PartitionDescription, names: readonly string[] | null): CountMap {
  const count = clients[0]?.perLabel.length ?? 0;
  const columns = Array.from({ length: count }, (_, i) => names?.[i] ?? String(i + 1));
  const rows = clients
    .slice(0, mostClients)
    .map(({ name, perLabel }) => ({ label: name, counts: perLabel }));
  return { rows, columns, columnName: "label" };
}

/** One number per round, as charts ask for it. */
import type { CallOf, OutputOf } from "@fedtune/api";
import { seriesSections } from "@fedtune/core";
import type { RunConfig, RunId, SeriesQuery, Store } from "@fedtune/core";
import { hidesPresence } from "./public-history.ts";
import { thinned } from "./thinning.ts";

/** Up to so many points are told one by one. */
const MOST_RAW = 20_000;

/** Reads a series; one that would say how many took part is empty where that is hidden. */
export async function seriesOf(
  store: Pick<Store, "getSeries">,
  { run, config }: { readonly run: RunId; readonly config: RunConfig },
  { metric, width, from, to }: CallOf<"getSeries">["query"],
): Promise<OutputOf<"getSeries">> {
  const of = wantedOf(metric);
  const isTold = of !== null && !(hidesPresence(config) && tellsPresence(of));
  const points = isTold ? await store.getSeries(run, { of, from, to }) : [];
  const isRaw = points.length <= MOST_RAW;
  const shown = isRaw ? points : thinned(points, width);
  return { metric, total: points.length, isRaw, points: shown.map(([x, y]) => [x, y]) };
}

function wantedOf(metric: string): SeriesQuery["of"] | null {
  if (metric === "seconds" || metric === "aggregationError") return metric;
  const [, prefix, name = ""] = /^(\w+)\.(.*)$/.exec(metric) ?? [];
  const section = seriesSections.find((one) => one === prefix);
  return section === undefined ? null : { section, name };
}

/** As in the history: clients' own figures, what travelled, how long it took, and how many examples there are. */
function tellsPresence(of: SeriesQuery["of"]): boolean {
  if (of === "seconds") return true;
  if (of === "aggregationError") return false;
  return (
    of.section === "training" ||
    of.section === "traffic" ||
    (of.section === "evaluation" && of.name === "examples")
  );
}

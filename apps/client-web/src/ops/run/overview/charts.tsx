import type { HeatChart, LineChart, Provenance } from "@fedtune/figures";
import { memo, useMemo } from "react";
import { Chart } from "../../../chart/chart.tsx";
import type { ChartProps } from "../../../chart/chart.tsx";
import type { ChartState } from "../../../chart/chart-state.tsx";
import { HeatMap } from "../../../chart/heat-map.tsx";
import { Segmented } from "../../../ui/segmented.tsx";
import { accuracyChart, lossChart, privacyChart, trafficChart, withGaps } from "../model/charts.ts";
import { layerErrors } from "../model/layers.ts";
import type { LayerErrors } from "../model/layers.ts";
import { trafficOf } from "../model/traffic.ts";
import type { RunViews } from "../use-run-data.ts";
import { useSearchState } from "../use-search-state.ts";

/** A chart of a run. It is drawn anew with a new round, not with each change of a member. */
export interface RunChartProps {
  readonly views: RunViews;
  readonly height?: number;
  readonly className?: string | undefined;
}

/** Where a run's figures come from; the time is that of the drawing. */
export function provenanceOf({ id, configHash, isSimulation }: RunViews): Provenance {
  return { run: id, configHash, isSimulation, at: new Date().toISOString() };
}

function useChartProps({ views, height, className }: RunChartProps) {
  const provenance = useMemo(() => provenanceOf(views), [views]);
  const isLive = views.run.status === "running";
  return {
    provenance,
    isLive,
    className,
    ...(height === undefined ? {} : { height }),
  } satisfies Partial<ChartProps>;
}

const withheld = (what: string, why: string): ChartState => ({
  ...{ kind: "withheld", text: `Withheld: ${what}.`, why },
});

const noEpsilonCovers =
  "The run says privacy.metrics withhold: clients' own figures are computed from their data, and no epsilon covers them.";
const countsOnHiding = "The noise of this run counts on nobody knowing who took part.";

/** Why curves of metrics have nothing to show, if they have not. */
function metricState({ rows, settings, run }: RunViews, hasValues: boolean): ChartState {
  if (hasValues) return { kind: "ready" };
  const { privacy, evaluatedBy } = settings;
  if (privacy.mode !== "none" && privacy.metrics === "withhold" && evaluatedBy === "federated")
    return withheld("exact scores of clients would leak", noEpsilonCovers);
  if (run.status !== "running" && rows.length > 0)
    return { kind: "empty", text: "This run was not evaluated." };
  return { kind: "before", text: "First value after round 1" };
}

/** Accuracy, central or over clients with their spread. */
export const AccuracyChart = memo(function AccuracyChart(props: RunChartProps) {
  const { rows, settings } = props.views;
  const chart = useMemo(() => accuracyChart(rows, settings), [rows, settings]);
  const state = metricState(props.views, chart.series.length > 0);
  return <Chart {...useChartProps(props)} chart={chart} state={state} />;
});

const scales = [
  { value: "linear", label: "linear" },
  { value: "log", label: "log" },
] as const;

/** Loss, evaluated and of training. */
export const LossChart = memo(function LossChart(props: RunChartProps) {
  const { rows, settings } = props.views;
  const [wanted, setScale] = useSearchState("loss");
  const scale = wanted === "log" ? "log" : "linear";
  const chart = useMemo(() => lossChart(rows, settings, scale), [rows, settings, scale]);
  const state = metricState(props.views, chart.series.length > 0);
  const choice = (
    <Segmented
      {...{ label: "Scale of the loss", value: scale, options: scales, size: "small" }}
      onChange={(next) => {
        setScale(next === "log" ? "log" : null);
      }}
    />
  );
  return <Chart {...useChartProps(props)} chart={chart} state={state} actions={choice} />;
});

/** Bytes up, against dense LoRA. */
export const TrafficChart = memo(function TrafficChart(props: RunChartProps) {
  const { rows, cost } = props.views;
  const traffic = useMemo(() => trafficOf(rows, cost?.bytes ?? null), [rows, cost]);
  const chart = useMemo(() => trafficChart(traffic), [traffic]);
  const isHidden = props.views.run.presence === "hidden";
  const state: ChartState = isHidden
    ? withheld("bytes tell how many took part", countsOnHiding)
    : rows.length === 0
      ? { kind: "before", text: "First value after round 1" }
      : { kind: "ready" };
  return <Chart {...useChartProps(props)} chart={chart} state={state} />;
});

const noPromise: LineChart = {
  ...{ title: "Privacy spent", series: [], foot: "No noise is added, nothing is promised." },
  x: { kind: "round", name: "round" },
  y: { kind: "epsilon", name: "epsilon spent" },
};

/** Epsilon spent and projected. */
export const PrivacyChart = memo(function PrivacyChart(props: RunChartProps) {
  const { privacy, settings } = props.views;
  const chart = useMemo(
    () => (privacy === null ? noPromise : privacyChart(privacy, settings)),
    [privacy, settings],
  );
  const state: ChartState =
    privacy === null
      ? { kind: "empty", text: "This run has no privacy mechanism." }
      : { kind: "ready" };
  return <Chart {...useChartProps(props)} chart={chart} state={state} />;
});

const noLayers = (foot: string): HeatChart => ({
  title: layersTitle,
  rows: [],
  firstRound: 1,
  foot,
});
const layersTitle = "Aggregation error by layer";

function heatOf(errors: LayerErrors): { readonly chart: HeatChart; readonly state: ChartState } {
  switch (errors.kind) {
    case "exact":
      return {
        chart: noLayers("Distance of the broadcast from the mean of the clients' products."),
        state: { kind: "empty", text: "This method has no aggregation error: its mean is exact." },
      };
    case "not-measured":
      return {
        chart: noLayers("Distance of the broadcast from the mean of the clients' products."),
        state: { kind: "empty", text: `Not measured: ${errors.reason}.` },
      };
    case "nothing-yet":
      return { chart: noLayers(""), state: { kind: "before", text: "First value after round 1" } };
    case "measured": {
      const { rows, rounds, totals, isSketched } = errors;
      const now = totals.findLast((total) => total !== null) ?? null;
      return {
        chart: {
          ...{ title: layersTitle, subtitle: "relative distance from the mean of products" },
          rows: rows.map(({ name, values }) => ({ label: name, values: withGaps(values) })),
          firstRound: rounds[0] ?? 1,
          ...(now === null ? {} : { total: { label: "Whole adapter now", value: now } }),
          ...(isSketched ? { foot: "Some layers were estimated from a sketch." } : {}),
        },
        state: { kind: "ready" },
      };
    }
  }
}

/** How far each layer's broadcast is from what the clients sent. */
export const LayersChart = memo(function LayersChart(props: RunChartProps) {
  const { rows } = props.views;
  const { chart, state } = useMemo(() => heatOf(layerErrors(rows)), [rows]);
  const { provenance, className } = useChartProps(props);
  return <HeatMap {...{ chart, state, provenance, className }} />;
});

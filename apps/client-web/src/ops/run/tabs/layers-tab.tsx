import { formatSignificant, seriesStyle } from "@fedtune/figures";
import type { LineChart } from "@fedtune/figures";
import { useMemo } from "react";
import { Chart } from "../../../chart/chart.tsx";
import { Crosshairs } from "../../../chart/crosshair-store.tsx";
import { withGaps } from "../model/charts.ts";
import { layerErrors } from "../model/layers.ts";
import type { RoundFigures } from "../model/round-figures.ts";
import { LayersChart, provenanceOf } from "../overview/charts.tsx";
import type { RunViews } from "../use-run-data.ts";
import styles from "./tabs.module.css";

/** Layers whose lines are drawn in colour: those that are worst now. */
const mostLines = 8;

function errorChart(rows: readonly RoundFigures[]): LineChart | null {
  const errors = layerErrors(rows);
  if (errors.kind !== "measured") return null;
  const x = Float64Array.from(errors.rounds);
  const last = (values: readonly (number | null)[]): number => values.at(-1) ?? 0;
  const worst = errors.rows.toSorted((a, b) => last(b.values) - last(a.values)).slice(0, mostLines);
  const all =
    worst.length === errors.rows.length
      ? "All layers."
      : `The ${mostLines} layers that are worst now.`;
  return {
    ...{ title: "Aggregation error over the rounds", subtitle: "relative distance, log" },
    x: { kind: "round", name: "round" },
    y: { kind: "ratio", name: "error", scale: "log" },
    series: worst.map(({ module, name, values }, at) => ({
      ...{ id: module, label: name, x, y: withGaps(values), style: seriesStyle(at) },
      endLabel: `${name} ${formatSignificant(last(values), 3)}`,
    })),
    ...{ better: "lower", foot: `${all} Distance from the mean of the clients' products.` },
  };
}

/** One chart for each number that the method tells of its aggregation. */
function methodCharts(rows: readonly RoundFigures[]): readonly LineChart[] {
  const committed = rows.filter(({ round }) => round > 0);
  const names = [...new Set(committed.flatMap(({ method }) => Object.keys(method)))].sort();
  const x = Float64Array.from(committed, ({ round }) => round);
  return names.map((name) => {
    const y = withGaps(committed.map(({ method }) => method[name] ?? null));
    return {
      ...{ title: name, subtitle: "as the method tells it", foot: "Once for each round." },
      x: { kind: "round", name: "round" },
      y: { kind: "number", name },
      series: [{ id: name, label: name, x, y, style: seriesStyle(0) }],
    };
  });
}

/** Aggregation error per layer over all rounds, and what the method tells of its own work. */
export function LayersTab({ views }: { readonly views: RunViews }) {
  const { rows } = views;
  const errors = useMemo(() => errorChart(rows), [rows]);
  const others = useMemo(() => methodCharts(rows), [rows]);
  const provenance = useMemo(() => provenanceOf(views), [views]);
  const isLive = views.run.status === "running";
  return (
    <Crosshairs>
      <div className={styles["stack"]}>
        <LayersChart views={views} />
        {errors === null ? null : <Chart {...{ chart: errors, provenance, isLive, height: 280 }} />}
        {others.map((chart) => (
          <Chart key={chart.title} {...{ chart, provenance, isLive }} />
        ))}
      </div>
    </Crosshairs>
  );
}

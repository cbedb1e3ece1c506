import { useMemo } from "react";
import { Chart } from "../../chart/chart.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { axisNames } from "../run/model/axes.ts";
import type { CompareParts } from "./compare-page.tsx";
import { compareChart } from "./model/chart.ts";
import { comparedMetrics, metricLooks } from "./model/metrics.ts";
import { provenanceOf } from "./provenance.ts";
import { words } from "./words.ts";
import styles from "./compare.module.css";

const axisOptions = axisNames.map((value) => ({ value, label: words.axes[value] }));
const metricOptions = comparedMetrics.map((value) => ({ value, label: metricLooks[value].title }));

/** Which metric, over what. */
export function ViewChoices({ view, change }: CompareParts) {
  return (
    <div className={styles["choosing"]}>
      <Segmented
        {...{ label: "Metric", value: view.metric, options: metricOptions, size: "small" }}
        onChange={(metric) => {
          change({ metric, target: metricLooks[metric].target });
        }}
      />
      <span className={styles["across"]}>{words.across}</span>
      <Segmented
        {...{ label: words.across, value: view.axis, options: axisOptions, size: "small" }}
        onChange={(axis) => {
          change({ axis });
        }}
      />
    </div>
  );
}

/** The curves over rounds, bytes, epsilon or time. */
export function CurvesCard({ groups, view, placeOf }: CompareParts) {
  const chart = useMemo(() => compareChart(groups, view, placeOf), [groups, view, placeOf]);
  const provenance = useMemo(() => provenanceOf(groups), [groups]);
  return <Chart {...{ chart, provenance, height: 440 }} className={styles["curves"]} />;
}

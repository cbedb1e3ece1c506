import { barFigure, spokenValue, type BarChart } from "@fedtune/figures";
import { useMemo } from "react";
import styles from "./bars.module.css";
import { SceneView } from "./scene-view.tsx";
import { useWidth } from "./use-width.ts";

/** Bars or points with intervals; the card around them is the page's. */
export interface BarsProps {
  readonly chart: BarChart;
}

const sentenceOf = ({ title, kind, bars, rule }: BarChart): string => {
  const each = bars.map(({ label, value, note, valueText: own, low, high }) => {
    const said = own ?? (value === null ? (note ?? "no value") : spokenValue(kind, value));
    const span =
      low === undefined || high === undefined
        ? ""
        : `, ${spokenValue(kind, low)} to ${spokenValue(kind, high)}`;
    return `${label} ${said}${span}`;
  });
  return `${[title, ...each, ...(rule === undefined ? [] : [rule.label])].join(". ")}.`;
};

/** Values side by side, as wide as their place. */
export function Bars({ chart }: BarsProps) {
  const [ref, width] = useWidth(360);
  const scene = useMemo(() => barFigure(chart, width), [chart, width]);
  return (
    <div ref={ref} className={styles["frame"]} style={{ minHeight: scene.height }}>
      <SceneView scene={scene} label={sentenceOf(chart)} />
    </div>
  );
}

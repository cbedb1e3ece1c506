import { arrivalFigure, formatTimer, type ArrivalChart } from "@fedtune/figures";
import { useMemo } from "react";
import styles from "./bars.module.css";
import { SceneView } from "./scene-view.tsx";
import { useWidth } from "./use-width.ts";

/** The arrivals of a round. */
export interface ArrivalAxisProps {
  readonly chart: ArrivalChart;
}

/** What the axis shows, in words. */
export function arrivalSentence({ arrivals, deadlineMs, quorumMs, nowMs }: ArrivalChart): string {
  const count = (outcome: string): number =>
    arrivals.filter((one) => one.outcome === outcome).length;
  const words = (["accepted", "late", "refused", "expected"] as const).flatMap((outcome) => {
    const n = count(outcome);
    return n === 0 ? [] : [`${n} ${outcome}`];
  });
  const parts = [
    `Arrivals in this round: ${words.length === 0 ? "none yet" : words.join(", ")}`,
    nowMs === null ? "" : `now at ${formatTimer(nowMs)}`,
    quorumMs === null ? "" : `quorum expected at about ${formatTimer(quorumMs)}`,
    `deadline at ${formatTimer(deadlineMs)}`,
  ];
  return `${parts.filter((part) => part !== "").join("; ")}.`;
}

/** Who came when on one time axis, with now, the expected quorum and the deadline. */
export function ArrivalAxis({ chart }: ArrivalAxisProps) {
  const [ref, width] = useWidth(380);
  const scene = useMemo(() => arrivalFigure(chart, width), [chart, width]);
  return (
    <div ref={ref} className={styles["frame"]} style={{ height: scene.height }}>
      <SceneView scene={scene} label={arrivalSentence(chart)} />
    </div>
  );
}

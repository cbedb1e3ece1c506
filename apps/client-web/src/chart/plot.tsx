import {
  chartSentence,
  growRange,
  lineFigure,
  nearestX,
  upwardRange,
  yExtent,
  type LineChart,
  type LineFigure,
  type Range,
} from "@fedtune/figures";
import { useId, useMemo, useState, type PointerEvent } from "react";
import { ChartStateNote, type ChartState } from "./chart-state.tsx";
import { axisOf, Crosshair } from "./crosshair.tsx";
import { useCrosshairStore } from "./crosshair-store.tsx";
import styles from "./plot.module.css";
import { SceneView } from "./scene-view.tsx";
import { usePlotKeys } from "./use-plot-keys.ts";
import { useWidth } from "./use-width.ts";

/** The drawing of a chart with its crosshair; `Chart` puts a card with tools around it. */
export interface PlotProps {
  readonly chart: LineChart;
  readonly height: number;
  /** Default: ready. */
  readonly state?: ChartState;
  /** Values still come: the range of y only grows. */
  readonly isLive?: boolean;
  /** The part of x that is shown; null, and by default: all. */
  readonly range?: Range | null;
  /** Absent: no zoom by dragging. */
  readonly onRange?: ((range: Range | null) => void) | undefined;
  /** Absent: no zoom by keys. */
  readonly onZoom?: ((factor: number) => void) | undefined;
  /** The key `t`. */
  readonly onTable?: (() => void) | undefined;
}

const ready: ChartState = { kind: "ready" };

/** The range of y: of a live chart it never shrinks, so that the picture does not jump. */
function useGrown(chart: LineChart, shown: Range | null, isLive: boolean): Range | null {
  const now = useMemo(() => upwardRange(chart.y, yExtent(chart, shown)), [chart, shown]);
  const kind = `${chart.title} ${chart.y.scale ?? "linear"} ${String(shown)}`;
  const [before, setBefore] = useState({ kind, range: now });
  if (!isLive) return now;
  const range = before.kind === kind ? growRange(before.range, now) : now;
  const isSame = before.range[0] === range[0] && before.range[1] === range[1];
  if (before.kind !== kind || !isSame) setBefore({ kind, range });
  return range;
}

/** Lines, a crosshair by pointer and arrow keys, and dragging to zoom. */
export function Plot(props: PlotProps) {
  const { chart, height, state = ready, isLive = false, range = null, onRange } = props;
  const [ref, width] = useWidth(640);
  const owner = useId();
  const store = useCrosshairStore();
  const yRange = useGrown(chart, range, isLive);
  const isReady = state.kind === "ready";
  const figure = useMemo(() => {
    const shown = isReady ? chart : { ...chart, series: [], rules: [], marks: [] };
    return lineFigure(shown, { width, height, xRange: range, yRange });
  }, [chart, isReady, width, height, range, yRange]);
  const keys = usePlotKeys({ ...props, range, store, owner, axis: axisOf(chart) });
  const drag = useDrag(figure, onRange);
  const point = (event: PointerEvent): void => {
    const x = nearestX(chart, figure.x.fromPx(localX(event)));
    if (x !== null) store.set({ axis: axisOf(chart), x, owner });
  };
  const pointing = isReady
    ? {
        onPointerDown: drag.start,
        onPointerMove: (event: PointerEvent) => {
          point(event);
          drag.move(event);
        },
        onPointerUp: drag.end,
        onPointerCancel: drag.cancel,
        onPointerLeave: () => store.set(null),
        onDoubleClick: () => onRange?.(null),
      }
    : {};
  return (
    <div ref={ref} className={styles["frame"]} style={{ height }}>
      <div
        role="img"
        aria-label={chartSentence(chart)}
        // A chart is walked through by its keys; its table holds the same for those who prefer one.
        tabIndex={isReady ? 0 : undefined}
        className={styles["plot"]}
        {...pointing}
        {...(isReady ? keys.handlers : {})}
      >
        <SceneView scene={figure} />
        <Crosshair {...{ chart, figure, store, owner }} seriesId={keys.seriesId} />
        {drag.area === null ? null : (
          <span
            className={styles["selection"]}
            style={{ ...drag.area, top: figure.plot.y, height: figure.plot.height }}
          />
        )}
      </div>
      <ChartStateNote state={state} />
    </div>
  );
}

const localX = (event: PointerEvent): number =>
  event.clientX - event.currentTarget.getBoundingClientRect().left;

/** A press that moves less is a press, not a drag. */
const leastDrag = 6;

/** Dragging with a mouse or a pen marks a part of x; a finger moves the crosshair instead. */
function useDrag(figure: LineFigure, onRange: PlotProps["onRange"]) {
  const [span, setSpan] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const inPlot = (x: number): number =>
    Math.min(figure.plot.x + figure.plot.width, Math.max(figure.plot.x, x));
  return {
    start: (event: PointerEvent) => {
      if (onRange === undefined || event.pointerType === "touch" || event.button !== 0) return;
      const at = inPlot(localX(event));
      setSpan({ from: at, to: at });
    },
    move: (event: PointerEvent) => {
      const at = inPlot(localX(event));
      setSpan((now) => (now === null ? null : { ...now, to: at }));
    },
    end: () => {
      setSpan(null);
      if (span === null || Math.abs(span.to - span.from) < leastDrag) return;
      const [from, to] = [Math.min(span.from, span.to), Math.max(span.from, span.to)];
      onRange?.([figure.x.fromPx(from), figure.x.fromPx(to)]);
    },
    cancel: () => setSpan(null),
    area:
      span === null || Math.abs(span.to - span.from) < leastDrag
        ? null
        : { left: Math.min(span.from, span.to), width: Math.abs(span.to - span.from) },
  };
}

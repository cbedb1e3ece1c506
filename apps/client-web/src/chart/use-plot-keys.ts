import { readingSentence, stepX, xExtent, type LineChart, type Range } from "@fedtune/figures";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useAnnounce } from "../ui/announcer.tsx";
import type { CrosshairStore } from "./crosshair-store.tsx";

/** What the keys of a chart act on. */
export interface PlotKeysOptions {
  readonly chart: LineChart;
  readonly store: CrosshairStore;
  readonly owner: string;
  readonly axis: string;
  readonly range: Range | null;
  readonly onRange?: ((range: Range | null) => void) | undefined;
  readonly onZoom?: ((factor: number) => void) | undefined;
  readonly onTable?: (() => void) | undefined;
}

const debounceMs = 150;

/** Says a sentence once the keys rest. */
function useDebouncedVoice(): (sentence: string) => void {
  const announce = useAnnounce();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (sentence) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => announce(sentence), debounceMs);
  };
}

/** Where a key leads from `x`; null: the key is none of the chart's. */
function target(chart: LineChart, key: string, x: number | null): number | null {
  const ends = xExtent({ ...chart, marks: [] });
  if (ends === null) return null;
  if (key === "Home") return ends[0];
  if (key === "End") return ends[1];
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  if (x === null) return ends[1];
  return stepX(chart, x, key === "ArrowLeft" ? -1 : 1);
}

/** Arrows, Home and End walk along x, up and down choose a series, Escape resets, + and - zoom, t is the table. */
export function usePlotKeys(options: PlotKeysOptions) {
  const { chart, store, owner, axis } = options;
  const [seriesId, setSeriesId] = useState<string | null>(null);
  const say = useDebouncedVoice();
  const current = (): number | null => {
    const place = store.get();
    return place?.axis === axis ? place.x : null;
  };
  const saySeries = (id: string | null, x: number): void => {
    const series = id === null ? chart.series : chart.series.filter((one) => one.id === id);
    say(readingSentence({ ...chart, series }, x));
  };
  const walk = (event: KeyboardEvent): boolean => {
    const x = target(chart, event.key, current());
    if (x === null) return false;
    store.set({ axis, x, owner });
    saySeries(seriesId, x);
    return true;
  };
  const choose = (event: KeyboardEvent): boolean => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
    // One place beside the series stands for all of them.
    const ids = [null, ...chart.series.map((series) => series.id)];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = ids[(ids.indexOf(seriesId) + step + ids.length) % ids.length] ?? null;
    setSeriesId(next);
    const x = current() ?? target(chart, "End", null);
    if (x !== null) {
      store.set({ axis, x, owner });
      saySeries(next, x);
    }
    return true;
  };
  const act = ({ key }: KeyboardEvent): boolean => {
    const { onTable, onZoom, onRange } = options;
    if (key === "t" && onTable) onTable();
    else if ((key === "+" || key === "=") && onZoom) onZoom(0.5);
    else if (key === "-" && onZoom) onZoom(2);
    else if (key === "Escape" && (options.range !== null || current() !== null)) {
      onRange?.(null);
      store.set(null);
    } else return false;
    return true;
  };
  return {
    seriesId,
    handlers: {
      onKeyDown: (event: KeyboardEvent) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (!walk(event) && !choose(event) && !act(event)) return;
        event.preventDefault();
        event.stopPropagation();
      },
      onBlur: () => {
        setSeriesId(null);
        store.set(null);
      },
    },
  };
}

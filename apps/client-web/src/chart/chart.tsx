import {
  footNotes,
  joinTexts,
  sidewaysRange,
  xExtent,
  type LineChart,
  type Provenance,
  type Range,
} from "@fedtune/figures";
import { RotateCcw } from "lucide-react";
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { RichText } from "../ui/rich-text.tsx";
import { Tag } from "../ui/tag.tsx";
import type { ChartState } from "./chart-state.tsx";
import { ChartTable } from "./chart-table.tsx";
import { ChartTools } from "./chart-tools.tsx";
import styles from "./chart.module.css";
import { Plot } from "./plot.tsx";

/** A chart in a card. */
export interface ChartProps {
  readonly chart: LineChart;
  /** Of the plot in px; default 210. */
  readonly height?: number;
  /** Default: ready. */
  readonly state?: ChartState;
  /** Inside of every export, and what marks a simulation. */
  readonly provenance?: Provenance | undefined;
  /** The part of x that is shown, where the page keeps it in its address; null: all. */
  readonly range?: Range | null;
  readonly onRange?: (range: Range | null) => void;
  /** Values still come: the range of y only grows. */
  readonly isLive?: boolean;
  /** Before the tools: a choice of scale. */
  readonly actions?: ReactNode;
  /** Level of the title; default 2. */
  readonly level?: 2 | 3;
  /** `plain`: without the tools, for people who only look (join page). */
  readonly kind?: "full" | "plain";
  readonly className?: string | undefined;
}

/** Lines in a card: title, unit, tools, drawing or table, and a line that says what is drawn. */
export function Chart(props: ChartProps) {
  const { chart, provenance, level = 2, kind = "full", actions, className } = props;
  const [isLarge, setLarge] = useState(false);
  const view = useView(props);
  const tools =
    kind === "full" ? (
      <ChartTools {...{ chart, provenance }} {...view.tools} onEnlarge={() => setLarge(true)} />
    ) : null;
  const isSimulation = provenance?.isSimulation === true;
  return (
    <Card
      level={level}
      className={className}
      size={kind === "plain" ? "large" : "small"}
      title={chart.title}
      subtitle={
        <>
          {chart.subtitle === undefined ? null : <RichText text={chart.subtitle} />}
          {isSimulation && chart.subtitle !== undefined ? "\u2002" : null}
          {isSimulation ? <Tag kind="dashed">simulation</Tag> : null}
        </>
      }
      actions={
        actions === undefined && tools === null ? undefined : (
          <>
            {actions}
            {tools}
          </>
        )
      }
    >
      <Body {...props} view={view} />
      {isLarge ? (
        <Dialog isOpen onClose={() => setLarge(false)} title={chart.title} size="large">
          <Body {...props} view={view} height={480} />
        </Dialog>
      ) : null}
    </Card>
  );
}

interface View {
  readonly range: Range | null;
  readonly onRange: (range: Range | null) => void;
  readonly tools: {
    readonly isTable: boolean;
    readonly onTable: () => void;
    readonly onZoom: (factor: number) => void;
  };
}

/** What of a chart is looked at, and how. */
function useView({ chart, range: given, onRange: tell }: ChartProps): View {
  const [own, setOwn] = useState<Range | null>(null);
  const [isTable, setTable] = useState(false);
  const range = given === undefined ? own : given;
  const onRange = tell ?? setOwn;
  const onZoom = (factor: number): void => {
    const all = sidewaysRange(chart.x, xExtent(chart));
    const [from, to] = range ?? all;
    const half = ((to - from) / 2) * factor;
    const middle = (from + to) / 2;
    const next: Range = [Math.max(all[0], middle - half), Math.min(all[1], middle + half)];
    onRange(next[0] <= all[0] && next[1] >= all[1] ? null : next);
  };
  return { range, onRange, tools: { isTable, onTable: () => setTable((is) => !is), onZoom } };
}

function Body(props: ChartProps & { readonly view: View }) {
  const { chart, height = 210, state = { kind: "ready" }, isLive = false, view } = props;
  const { range, onRange, tools } = view;
  const isReady = state.kind === "ready";
  const frame = useRef<HTMLDivElement>(null);
  const toggle = (): void => {
    // What has the focus goes away with the drawing or the table.
    frame.current?.focus();
    tools.onTable();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "t" && !event.ctrlKey && !event.metaKey && !event.altKey) toggle();
  };
  return (
    <div ref={frame} tabIndex={-1} className={styles["body"]} onKeyDown={onKeyDown}>
      {tools.isTable && isReady ? (
        <ChartTable chart={chart} />
      ) : (
        <Plot
          {...{ chart, height, state, isLive, range, onRange }}
          onZoom={tools.onZoom}
          onTable={toggle}
        />
      )}
      {range === null ? null : (
        <Button
          size="small"
          icon={RotateCcw}
          className={styles["reset"]}
          onClick={() => onRange(null)}
        >
          Show all
        </Button>
      )}
      <Foot chart={chart} isReady={isReady} />
    </div>
  );
}

function Foot({ chart, isReady }: { readonly chart: LineChart; readonly isReady: boolean }) {
  const notes = useMemo(() => footNotes(chart), [chart]);
  const text = notes === "" || !isReady ? chart.foot : joinTexts(chart.foot, " ", notes);
  return (
    <p className={styles["foot"]}>
      <RichText text={text} />
    </p>
  );
}

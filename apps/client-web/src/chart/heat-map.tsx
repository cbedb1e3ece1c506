import {
  barFigure,
  heatCsv,
  heatFigure,
  heatSentence,
  heatSummaries,
  sheetScene,
  spokenValue,
  svgText,
  valueText,
  type HeatChart,
  type HeatFigure,
  type HeatSummary,
  type Provenance,
  type Scene,
} from "@fedtune/figures";
import { Download, Table2 } from "lucide-react";
import { useMemo, useState, type PointerEvent, type ReactNode } from "react";
import { Card } from "../ui/card.tsx";
import { DataTable } from "../ui/data-table.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu } from "../ui/menu.tsx";
import { useNotify } from "../ui/notices.tsx";
import { RichText } from "../ui/rich-text.tsx";
import type { Column } from "../ui/table-model.ts";
import { pngOf } from "./canvas.ts";
import { ChartStateNote, type ChartState } from "./chart-state.tsx";
import styles from "./heat-map.module.css";
import { fileName, saveFile } from "./save-file.ts";
import { SceneView } from "./scene-view.tsx";
import { useWidth } from "./use-width.ts";

/** A heat map in a card. */
export interface HeatMapProps {
  readonly chart: HeatChart;
  readonly state?: ChartState;
  readonly provenance?: Provenance | undefined;
  readonly level?: 2 | 3;
  readonly className?: string | undefined;
  /** Before the tools. */
  readonly actions?: ReactNode;
}

/** Narrower than this, cells say nothing: the latest round is shown as bars. */
const narrow = 440;
const exportWidth = 760;

const Ratio = ({ value }: { readonly value: number }) => (
  <RichText text={valueText("ratio", value)} />
);

const columns: readonly Column<HeatSummary>[] = [
  { id: "label", header: "Layer", cell: ({ label }) => label, phone: "title" },
  {
    id: "now",
    header: "Now",
    align: "end",
    cell: ({ now }) => <Ratio value={now} />,
    phone: "fact",
  },
  {
    id: "greatest",
    header: "Greatest",
    align: "end",
    cell: ({ greatest }) => <Ratio value={greatest} />,
    phone: "fact",
  },
  {
    id: "round",
    header: "In round",
    align: "end",
    cell: ({ greatestRound }) => spokenValue("round", greatestRound),
    phone: "fact",
  },
];

/** Layers by rounds in seven steps; the values of a cell on hover, of all rows as a table. */
export function HeatMap(props: HeatMapProps) {
  const { chart, state = { kind: "ready" }, provenance, level = 2, className } = props;
  const [isTable, setTable] = useState(false);
  return (
    <Card
      level={level}
      className={className}
      title={chart.title}
      subtitle={chart.subtitle === undefined ? undefined : <RichText text={chart.subtitle} />}
      actions={
        <>
          {props.actions}
          <Tools {...{ chart, provenance, isTable }} onTable={() => setTable(!isTable)} />
        </>
      }
    >
      {isTable ? (
        <div className={styles["table"]}>
          <DataTable
            caption={chart.title}
            columns={columns}
            rows={heatSummaries(chart)}
            rowKey={(row) => row.label}
          />
        </div>
      ) : (
        <Drawing chart={chart} state={state} />
      )}
      {chart.foot === undefined ? null : (
        <p className={styles["foot"]}>
          <RichText text={chart.foot} />
        </p>
      )}
    </Card>
  );
}

interface ToolsProps {
  readonly chart: HeatChart;
  readonly provenance: Provenance | undefined;
  readonly isTable: boolean;
  readonly onTable: () => void;
}

function Tools({ chart, provenance, isTable, onTable }: ToolsProps) {
  const notify = useNotify();
  const name = (ending: string): string =>
    fileName(provenance === undefined ? chart.title : `${provenance.run} ${chart.title}`, ending);
  const sheet = (): Scene => sheetScene(heatFigure(chart, exportWidth), { ...chart, provenance });
  const csv = (): void =>
    saveFile(name("csv"), new Blob([heatCsv(chart, provenance)], { type: "text/csv" }));
  const svg = (): void => {
    const text = svgText(sheet(), { title: chart.title, description: heatSentence(chart) });
    saveFile(name("svg"), new Blob([text], { type: "image/svg+xml" }));
  };
  const png = (): void => {
    pngOf(sheet()).then(
      (blob) => saveFile(name("png"), blob),
      (error: unknown) => notify(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <>
      <IconButton
        label={`${chart.title} as a table`}
        icon={Table2}
        size="small"
        isPressed={isTable}
        onClick={onTable}
      />
      <Menu
        trigger={<IconButton label={`Download ${chart.title}`} icon={Download} size="small" />}
        items={[
          { label: "CSV", detail: "full precision", onSelect: csv },
          { label: "SVG", detail: "drawing", onSelect: svg },
          { label: "PNG", detail: "image", onSelect: png },
        ]}
      />
    </>
  );
}

function latestBars(chart: HeatChart, width: number): Scene {
  const bars = heatSummaries(chart).map(({ label, now }) => ({
    ...{ label, value: Number.isNaN(now) ? null : now, colour: "q5" as const },
  }));
  return barFigure({ title: chart.title, kind: "ratio", bars }, width);
}

function Drawing({ chart, state }: { readonly chart: HeatChart; readonly state: ChartState }) {
  const [ref, width] = useWidth(600);
  const [cell, setCell] = useState<{ readonly row: number; readonly column: number } | null>(null);
  const isReady = state.kind === "ready";
  const isNarrow = isReady && width < narrow;
  const figure = useMemo(() => {
    const shown = isReady
      ? chart
      : { ...chart, rows: chart.rows.map((row) => ({ ...row, values: [] })) };
    return heatFigure(shown, width);
  }, [chart, isReady, width]);
  const scene = useMemo(
    () => (isNarrow ? latestBars(chart, width) : figure),
    [chart, figure, isNarrow, width],
  );
  const point = (event: PointerEvent<HTMLElement>): void => {
    setCell(isNarrow || !isReady ? null : cellAt(event, chart, figure));
  };
  return (
    <div ref={ref} className={styles["frame"]} style={{ height: scene.height }}>
      <div
        role="img"
        aria-label={heatSentence(chart)}
        className={styles["drawing"]}
        onPointerMove={point}
        onPointerLeave={() => setCell(null)}
      >
        <SceneView scene={scene} />
      </div>
      {cell === null ? null : <Reading {...{ chart, figure, cell }} />}
      <ChartStateNote state={state} />
    </div>
  );
}

interface Cell {
  readonly row: number;
  readonly column: number;
}

function cellAt(
  event: PointerEvent<HTMLElement>,
  chart: HeatChart,
  figure: HeatFigure,
): Cell | null {
  const box = event.currentTarget.getBoundingClientRect();
  const { cells, rowHeight, perColumn } = figure;
  const count = Math.ceil(
    Math.max(0, ...chart.rows.map(({ values }) => values.length)) / perColumn,
  );
  const column = Math.floor(((event.clientX - box.left - cells.x) / cells.width) * count);
  const row = Math.floor((event.clientY - box.top - cells.y) / rowHeight);
  const isInside = column >= 0 && column < count && row >= 0 && row < chart.rows.length;
  return isInside ? { row, column } : null;
}

interface ReadingProps {
  readonly chart: HeatChart;
  readonly figure: HeatFigure;
  readonly cell: Cell;
}

function Reading({ chart, figure, cell }: ReadingProps) {
  const { perColumn, cells, rowHeight, width } = figure;
  const row = chart.rows[cell.row];
  if (row === undefined) return null;
  const values = Array.from(row.values).slice(
    cell.column * perColumn,
    (cell.column + 1) * perColumn,
  );
  const known = values.filter((value) => !Number.isNaN(value));
  const first = chart.firstRound + cell.column * perColumn;
  const count = Math.ceil(row.values.length / perColumn);
  const x = cells.x + ((cell.column + 0.5) / Math.max(1, count)) * cells.width;
  const side = x < width / 2 ? { left: x + 12 } : { right: width - x + 12 };
  const rounds =
    values.length > 1
      ? `rounds ${spokenValue("round", first)} to ${spokenValue("round", first + values.length - 1)}, greatest`
      : `round ${spokenValue("round", first)}`;
  return (
    <p
      className={styles["reading"]}
      style={{ ...side, top: cells.y + (cell.row + 1) * rowHeight + 4 }}
      aria-hidden
    >
      <span className={styles["quiet"]}>
        {row.label}, {rounds}
      </span>{" "}
      <Ratio value={known.length === 0 ? NaN : Math.max(...known)} />
    </p>
  );
}

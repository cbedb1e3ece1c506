import {
  chartCsv,
  chartJson,
  footNotes,
  joinTexts,
  lineFigure,
  sheetScene,
  svgText,
  chartSentence,
  type LineChart,
  type Provenance,
  type Scene,
} from "@fedtune/figures";
import { Download, Maximize2, Table2, ZoomIn, ZoomOut } from "lucide-react";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { useNotify } from "../ui/notices.tsx";
import { pngOf } from "./canvas.ts";
import { fileName, saveFile } from "./save-file.ts";

/** What can be done with a chart. */
export interface ChartToolsProps {
  readonly chart: LineChart;
  readonly provenance: Provenance | undefined;
  readonly isTable: boolean;
  readonly onTable: () => void;
  /** Absent: it is large already. */
  readonly onEnlarge: (() => void) | undefined;
  /** Nearer or farther, for those who cannot drag. */
  readonly onZoom: (factor: number) => void;
}

const exportSize = { width: 760, height: 320 };

/** The chart as it leaves the page, always of one size and on paper's colours. */
function sheetOf(chart: LineChart, provenance: Provenance | undefined): Scene {
  const figure = lineFigure(chart, exportSize);
  const notes = footNotes(chart);
  const foot = notes === "" ? chart.foot : joinTexts(chart.foot, " ", notes);
  return sheetScene(figure, { title: chart.title, subtitle: chart.subtitle, foot, provenance });
}

const textFile = (text: string, type: string): Blob => new Blob([text], { type });

function useDownloads(chart: LineChart, provenance: Provenance | undefined): MenuItem[] {
  const notify = useNotify();
  const name = (ending: string): string =>
    fileName(provenance === undefined ? chart.title : `${provenance.run} ${chart.title}`, ending);
  const save = (ending: string, file: () => Blob | Promise<Blob>) => () => {
    // An image that could not be made is said; nothing else can fail here.
    Promise.resolve()
      .then(file)
      .then((blob) => saveFile(name(ending), blob))
      .catch((error: unknown) => notify(error instanceof Error ? error.message : String(error)));
  };
  const svg = (): string =>
    svgText(sheetOf(chart, provenance), { title: chart.title, description: chartSentence(chart) });
  return [
    {
      ...{ label: "CSV", detail: "full precision" },
      onSelect: save("csv", () => textFile(chartCsv(chart, provenance), "text/csv")),
    },
    {
      ...{ label: "JSON", detail: "full precision" },
      onSelect: save("json", () => textFile(chartJson(chart, provenance), "application/json")),
    },
    {
      label: "SVG",
      detail: "drawing",
      onSelect: save("svg", () => textFile(svg(), "image/svg+xml")),
    },
    {
      label: "PNG",
      detail: "image",
      onSelect: save("png", () => pngOf(sheetOf(chart, provenance))),
    },
  ];
}

/** Table, downloads, nearer and farther, and the large view. */
export function ChartTools(props: ChartToolsProps) {
  const { chart, provenance, isTable, onTable, onEnlarge, onZoom } = props;
  const downloads = useDownloads(chart, provenance);
  const items: MenuItem[] = [
    ...downloads,
    { label: "Zoom in", icon: ZoomIn, detail: "+", onSelect: () => onZoom(0.5) },
    { label: "Zoom out", icon: ZoomOut, detail: "−", onSelect: () => onZoom(2) },
  ];
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
        trigger={
          <IconButton label={`Download ${chart.title}, zoom`} icon={Download} size="small" />
        }
        items={items}
      />
      {onEnlarge === undefined ? null : (
        <IconButton
          label={`Enlarge ${chart.title}`}
          icon={Maximize2}
          size="small"
          onClick={onEnlarge}
        />
      )}
    </>
  );
}

/**
 * How figures are shown, on pages, in reports and in the terminal: numbers with units, means with their uncertainty, colours,
 * charts as data.
 */
export { arrivalFigure } from "./chart/arrivals.ts";
export type { Arrival, ArrivalChart } from "./chart/arrivals.ts";
export { barFigure } from "./chart/bars.ts";
export type { Bar, BarChart } from "./chart/bars.ts";
export { countFigure, mostOf } from "./chart/count-map.ts";
export type { CountMap, CountRow } from "./chart/count-map.ts";
export { drawScene } from "./chart/canvas.ts";
export type { CanvasContext, CanvasPath, CanvasPen, SetText } from "./chart/canvas.ts";
export { heatFigure } from "./chart/heat.ts";
export type { HeatChart, HeatFigure, HeatRow } from "./chart/heat.ts";
export { heatCsv, heatSentence, heatSummaries } from "./chart/heat-table.ts";
export type { HeatSummary } from "./chart/heat-table.ts";
export { intervalFigure } from "./chart/intervals.ts";
export type { IntervalChart, IntervalGroup, IntervalRow } from "./chart/intervals.ts";
export { keyScene } from "./chart/key.ts";
export type { KeyEntry } from "./chart/key.ts";
export { lineFigure } from "./chart/line-figure.ts";
export type { LineFigure } from "./chart/line-figure.ts";
export { xExtent, yExtent } from "./chart/line-layout.ts";
export type { LineView } from "./chart/line-layout.ts";
export { seriesByRound } from "./chart/model.ts";
export type {
  Axis,
  Band,
  Box,
  LineChart,
  Mark,
  NumberKind,
  Numbers,
  Provenance,
  Range,
  RoundValue,
  Rule,
  Series,
} from "./chart/model.ts";
export { shownUnit, spokenValue, valueText } from "./chart/number-kind.ts";
export { columnWidth, panelGrid, stacked } from "./chart/panels.ts";
export type { Panel } from "./chart/panels.ts";
export { extent, growRange, sidewaysRange, upwardRange } from "./chart/scale.ts";
export type { Scale, Tick } from "./chart/scale.ts";
export type { Scene, Shape, Stroke } from "./chart/scene.ts";
export {
  chartSentence,
  footNotes,
  nearestX,
  placeText,
  readAt,
  readingSentence,
  stepX,
} from "./chart/sentence.ts";
export type { ReadValue } from "./chart/sentence.ts";
export { provenanceText, sheetScene } from "./chart/sheet.ts";
export type { Sheet } from "./chart/sheet.ts";
export { sparkFigure } from "./chart/spark.ts";
export type { Spark } from "./chart/spark.ts";
export { raise, svgText } from "./chart/svg-text.ts";
export type { SvgStyle } from "./chart/svg-text.ts";
export { chartCsv, chartJson, chartTable, csvCell, csvNumber } from "./chart/table.ts";
export type { ChartTable, TableColumn } from "./chart/table.ts";
export {
  bytesQuantity,
  commonExponent,
  formatBytes,
  formatCount,
  formatDecimal,
  formatDelta,
  formatEpsilon,
  formatEpsilonLeft,
  formatEpsilonOf,
  formatExactBytes,
  formatHash,
  formatLoss,
  formatPercent,
  formatPoints,
  formatScientific,
  formatSignificant,
  formatWithHalfWidth,
  minusSign,
  narrowSpace,
  noValue,
  orNoValue,
  percentQuantity,
  powerOfTen,
  quantityText,
  withSign,
} from "./format.ts";
export type { ByteStyle, Quantity, ScientificStyle, WithHalfWidth } from "./format.ts";
export {
  durationParts,
  formatAgo,
  formatDate,
  formatDuration,
  formatEstimate,
  formatInstant,
  formatIso,
  formatTimeOfDay,
  formatTimer,
} from "./format-time.ts";
export type { InstantStyle } from "./format-time.ts";
export { heatColours, palettes, seriesColours, seriesStyle } from "./palette.ts";
export type { ColourToken, Palette, SeriesStyle } from "./palette.ts";
export {
  connectionStates,
  memberStates,
  participantStates,
  roundStates,
  runStates,
} from "./states.ts";
export type {
  ConnectionStateName,
  MemberStateName,
  ParticipantStateName,
  RoundStateName,
  RunStateName,
  StateIcon,
  StateLook,
  Tone,
} from "./states.ts";
export { textWidth, wrapText } from "./chart/text-width.ts";
export { holm } from "./statistics/holm.ts";
export { meanOf } from "./statistics/mean.ts";
export type { Mean } from "./statistics/mean.ts";
export { pairedTests } from "./statistics/paired.ts";
export type { PairedTests } from "./statistics/paired.ts";
export { joinTexts, plainText, textParts } from "./text.ts";
export type { Superscript, Text } from "./text.ts";

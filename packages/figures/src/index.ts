/** How figures are shown, on pages, in reports and in the terminal: numbers with units, colours, charts as data. */
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
export { joinTexts, plainText, textParts } from "./text.ts";
export type { Superscript, Text } from "./text.ts";

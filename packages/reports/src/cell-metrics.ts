/** A cell's rounds as named values per step, as trackers of experiments take them. */
import type { CellResult } from "@fedtune/simulation";
import { isNumber, spentAfter } from "./summary/cell-rows.ts";
import { settingText } from "./summary/layout.ts";

/** The finite values of one round. */
export interface StepValues {
  readonly step: number;
  /** Virtual, from the start of the run. */
  readonly seconds: number;
  readonly values: Readonly<Record<string, number>>;
}

const named = (prefix: string, values: Readonly<Record<string, number>> | null) =>
  Object.entries(values ?? {}).map(([name, value]) => [`${prefix}/${name}`, value] as const);

/** All rounds of a cell; what is not finite is left out. */
export function stepsOf(cell: Pick<CellResult, "rows">): StepValues[] {
  const spent = spentAfter(cell);
  return cell.rows.map((row, at) => {
    const so = spent[at];
    const all: (readonly [string, number | null | undefined])[] = [
      ...named("evaluation", row.evaluation),
      ...named("training", row.training),
      ...named("method", row.method),
      ["aggregation_error", row.aggregationError?.total],
      ["privacy/epsilon", row.epsilon],
      ["traffic/bytes_up", so?.bytesUp],
      ["traffic/bytes_down", so?.bytesDown],
      ["clients/accepted", row.accepted],
    ];
    const values = all.filter((one): one is readonly [string, number] => isNumber(one[1]));
    return { step: row.round, seconds: so?.seconds ?? 0, values: Object.fromEntries(values) };
  });
}

/** What tells a cell from the others of its experiment, for people. */
export function cellTitle({ variant, settings, seed }: CellResult): string {
  const own = Object.entries(settings).map(([name, value]) => `${name}=${settingText(value)}`);
  return [...(variant === null ? [] : [variant]), ...own, `seed=${String(seed)}`].join(" ");
}

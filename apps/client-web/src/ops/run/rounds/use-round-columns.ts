import { commonExponent } from "@fedtune/figures";
import { useMemo } from "react";
import type { RoundDetails } from "../model/api-types.ts";
import { phasesOf } from "../model/phases.ts";
import { tabHref } from "../run-tabs.ts";
import type { RunViews } from "../use-run-data.ts";
import { allRoundColumns, roundColumns } from "./round-columns.tsx";

/** The latest error that was measured; 0: none was. */
const lastError = (rows: RunViews["rows"]): number =>
  rows.findLast(({ aggregationError }) => (aggregationError?.total ?? 0) > 0)?.aggregationError
    ?.total ?? 0;

/** Columns of a run's rounds; `details` are the rounds whose phases are known. */
export function useRoundColumns(
  { id, rows, settings, isSimulation }: RunViews,
  { details, isWhole }: { readonly details: readonly RoundDetails[]; readonly isWhole: boolean },
) {
  const { maxNorm, roundTimeoutMs } = settings;
  const errorExponent = commonExponent([lastError(rows)]);
  return useMemo(() => {
    const phases = new Map(details.map((one) => [one.round, phasesOf(one)]));
    const context = {
      ...{ maxNorm, roundTimeoutMs, errorExponent },
      phasesOf: (round: number) => phases.get(round) ?? null,
      hrefOf: isSimulation ? null : (round: number) => tabHref(id, "rounds", String(round)),
    };
    return isWhole ? allRoundColumns(context) : roundColumns(context);
  }, [id, isSimulation, details, isWhole, maxNorm, roundTimeoutMs, errorExponent]);
}

import { useMemo } from "react";
import type { RoundDetails } from "../model/api-types.ts";
import { openRow } from "../model/rounds-table.ts";
import type { RoundsTableRow } from "../model/rounds-table.ts";
import type { RoundStrip } from "../model/strip.ts";
import { roundClock, roundStrip } from "../model/strip.ts";
import type { RunTabProps } from "../run-page.tsx";
import { useNow } from "../overview/use-now.ts";
import { useNames, useOpenRound } from "../use-run-data.ts";

/** The open round; null: none is open. */
export function useStrip(
  { reader, run, views, toldAtMs }: Omit<RunTabProps, "sub">,
  details: readonly RoundDetails[],
): RoundStrip | null {
  const { state, status } = run;
  const { quorum, roundTimeoutMs } = views.settings;
  const isOpen = status === "running" && state.phase === "collecting";
  const nowMs = useNow(1_000, isOpen);
  const nameOf = useNames(reader);
  const { members, times } = useOpenRound(run, { details, nameOf });
  return useMemo(() => {
    if (!isOpen) return null;
    const { countdown } = state;
    const clock =
      countdown?.timer === "round"
        ? roundClock({ remainingMs: countdown.remainingMs, toldAtMs }, { nowMs, roundTimeoutMs })
        : null;
    return roundStrip({ state, members, times, quorum, clock });
  }, [isOpen, state, members, times, quorum, toldAtMs, nowMs, roundTimeoutMs]);
}

/** The row of the open round; null: none is open. */
export function useOpenRow(
  props: Omit<RunTabProps, "sub">,
  details: readonly RoundDetails[],
): RoundsTableRow | null {
  const strip = useStrip(props, details);
  const { state } = props.run;
  return useMemo(() => (strip === null ? null : openRow(state, strip)), [state, strip]);
}

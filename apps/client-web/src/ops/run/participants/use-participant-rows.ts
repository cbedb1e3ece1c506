import { useMemo } from "react";
import type { Run } from "../model/api-types.ts";
import type { RoundMember } from "../model/members.ts";
import { byTrouble, participantRows } from "../model/participants-table.ts";
import type { ParticipantRow } from "../model/participants-table.ts";
import { useNow } from "../overview/use-now.ts";
import type { RunReader } from "../queries.ts";
import { useLate, useParticipants } from "../use-run-data.ts";

/** How often "31 s ago" is looked at again. */
const TICK_MS = 5_000;

/** Everybody who takes part, those in trouble first. */
export function useParticipantRows(
  reader: RunReader,
  { committedRounds }: Pick<Run, "committedRounds">,
  members: readonly RoundMember[],
): { readonly rows: readonly ParticipantRow[]; readonly nowMs: number } {
  const participants = useParticipants(reader);
  const { refusals } = useLate(reader);
  const nowMs = useNow(TICK_MS);
  const rows = useMemo(() => {
    const late = refusals.filter(
      ({ round, code }) => round === committedRounds && code === "late-update",
    );
    const indices = new Set(late.map(({ index }) => index));
    const lateLast = { round: committedRounds, indices };
    return byTrouble(participantRows({ participants, members, lateLast }));
  }, [participants, refusals, members, committedRounds]);
  return { rows, nowMs };
}

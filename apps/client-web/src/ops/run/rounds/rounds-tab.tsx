import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { Card } from "../../../ui/card.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import type { TableSort } from "../../../ui/table-model.ts";
import { roundsTable } from "../model/rounds-table.ts";
import type { RunTabProps } from "../run-page.tsx";
import { tabHref } from "../run-tabs.ts";
import { useLastRounds, useLate } from "../use-run-data.ts";
import { PhaseKey } from "./phase-bar.tsx";
import { RoundView } from "./round-view.tsx";
import { useOpenRow } from "./use-open-row.ts";
import { useRoundColumns } from "./use-round-columns.ts";

/** What happened in each round, or in one of them minute by minute. */
export function RoundsTab(props: RunTabProps) {
  const round = props.sub === undefined ? null : Number(props.sub);
  return round === null ? <AllRounds {...props} /> : <RoundView {...props} round={round} />;
}

function AllRounds(props: RunTabProps) {
  const { reader, run, views } = props;
  const [sort, setSort] = useState<TableSort | null>(null);
  const [, navigate] = useLocation();
  const { byRound } = useLate(reader);
  const details = useLastRounds(reader, run);
  const columns = useRoundColumns(views, { details, isWhole: true });
  const open = useOpenRow(props, details);
  const rows = useMemo(
    () =>
      roundsTable({
        ...{ rows: views.rows, open, lateByRound: byRound },
        roundTimeoutMs: views.settings.roundTimeoutMs,
      }),
    [views, open, byRound],
  );
  return (
    <Card title="Rounds" padding="bare" actions={<PhaseKey />}>
      <DataTable
        {...{
          caption: "Rounds, the latest first",
          columns,
          rows,
          sort,
          onSort: setSort,
          height: 720,
        }}
        rowKey={({ round }) => String(round)}
        onOpen={({ round }) => {
          navigate(tabHref(run.id, "rounds", String(round)));
        }}
        empty={<Empty title="No round yet">The first one opens when enough people are here.</Empty>}
      />
    </Card>
  );
}

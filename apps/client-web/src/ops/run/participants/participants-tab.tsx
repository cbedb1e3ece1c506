import { formatCount } from "@fedtune/figures";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { Card } from "../../../ui/card.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { TextField } from "../../../ui/text-field.tsx";
import type { TableSort } from "../../../ui/table-model.ts";
import { allows, useMe } from "../../api/session.ts";
import { filteredParticipants } from "../model/participants-table.ts";
import type { RunTabProps } from "../run-page.tsx";
import { tabHref } from "../run-tabs.ts";
import { useLastRounds, useNames, useOpenRound } from "../use-run-data.ts";
import { useSearchState } from "../use-search-state.ts";
import { Invitations } from "./invitations.tsx";
import { participantColumns } from "./participant-columns.tsx";
import { ParticipantView } from "./participant-view.tsx";
import { useParticipantRows } from "./use-participant-rows.ts";
import styles from "./participants.module.css";

/** Who is here, how fast, how stale, how much they count; or one of them. */
export function ParticipantsTab(props: RunTabProps) {
  const { run, sub } = props;
  const canInvite = allows(useMe(), "clients:write");
  if (sub !== undefined) return <ParticipantView {...props} client={sub} />;
  return (
    <div className={styles["stack"]}>
      {run.presence === "hidden" ? <HiddenPeople {...props} /> : <Everybody {...props} />}
      {canInvite ? <Invitations {...props} /> : null}
    </div>
  );
}

const HiddenPeople = ({ run }: RunTabProps) => (
  <Card>
    <Empty
      title={`${formatCount(run.state.present)} here, ${formatCount(run.figures.joined)} joined`}
    >
      Who takes part in which round is hidden in this run: its privacy noise counts on nobody
      knowing. What single clients sent, how fast they are and how much they count is withheld for
      the same reason.
    </Empty>
  </Card>
);

function Everybody({ reader, run, views }: RunTabProps) {
  const [sort, setSort] = useState<TableSort | null>(null);
  const [filter, setFilter] = useSearchState("find");
  const [, navigate] = useLocation();
  const details = useLastRounds(reader, run);
  const nameOf = useNames(reader);
  const { members } = useOpenRound(run, { details, nameOf });
  const { rows, nowMs } = useParticipantRows(reader, run, members);
  const shown = useMemo(() => filteredParticipants(rows, filter ?? ""), [rows, filter]);
  const { maxNorm } = views.settings;
  const columns = useMemo(
    () =>
      participantColumns({
        maxNorm,
        nowMs,
        hrefOf: (client) => tabHref(run.id, "participants", client),
      }),
    [maxNorm, nowMs, run.id],
  );
  return (
    <div>
      <div className={styles["toolbar"]}>
        <TextField
          label="Find by name, device or software"
          type="search"
          value={filter ?? ""}
          onChange={(text) => {
            setFilter(text === "" ? null : text);
          }}
          className={styles["search"]}
        />
      </div>
      <Card
        title="Participants"
        subtitle={`${formatCount(run.figures.joined)} joined, ${formatCount(run.state.present)} here now`}
        padding="bare"
      >
        <DataTable
          {...{ caption: "Participants", columns, rows: shown, sort, onSort: setSort, height: 720 }}
          rowKey={({ facts }) => String(facts.index)}
          onOpen={({ facts }) => {
            navigate(tabHref(run.id, "participants", facts.client));
          }}
          empty={
            filter === null ? (
              <Empty title="Nobody has joined yet">Invite people with a link or a QR code.</Empty>
            ) : (
              <Empty title="Nobody fits">{`No name, device or software has "${filter}" in it.`}</Empty>
            )
          }
        />
      </Card>
    </div>
  );
}

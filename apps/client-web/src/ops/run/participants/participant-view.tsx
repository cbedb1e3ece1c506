import { clientId, runId } from "@fedtune/core";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatExactBytes,
  formatInstant,
  formatPercent,
  formatTimer,
  memberStates,
  noValue,
  orNoValue,
} from "@fedtune/figures";
import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { Ban } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { ConfirmDialog } from "../../../ui/confirm-dialog.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { StateWord } from "../../../ui/pill.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { keys } from "../../api/keys.ts";
import { allows, useMe } from "../../api/session.ts";
import { LoadError } from "../../shell/load-error.tsx";
import type { MemberTimeline, Participant, RoundDetails } from "../model/api-types.ts";
import { closedStanding } from "../model/members.ts";
import { roundQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import { tabHref } from "../run-tabs.ts";
import { useLastRounds, useNames, useOpenRound } from "../use-run-data.ts";
import { refusalText } from "../words.ts";
import { runsInText, stateWords } from "./participant-columns.tsx";
import { useParticipantRows } from "./use-participant-rows.ts";
import styles from "./participants.module.css";
import { timeZone } from "../time-zone.ts";

/** Rounds that a participant's part is told of. */
const PAST = 20;

/** One participant: what it is, what it has done, and the end of its part. */
export function ParticipantView(props: RunTabProps & { readonly client: string }) {
  const { reader, run, views, client } = props;
  const details = useLastRounds(reader, run);
  const nameOf = useNames(reader);
  const { members } = useOpenRound(run, { details, nameOf });
  const { rows, nowMs } = useParticipantRows(reader, run, members);
  const row = rows.find(({ facts }) => facts.client === client);
  if (row === undefined)
    return (
      <Card>
        <Empty title={`No ${client} in this run`}>
          <Link href={tabHref(run.id, "participants")}>All participants</Link>
        </Empty>
      </Card>
    );
  const { facts, state } = row;
  const { look, rest } = stateWords(state, facts, { nowMs, maxNorm: views.settings.maxNorm });
  return (
    <div className={styles["stack"]}>
      <div className={styles["head"]}>
        <h2 className={styles["title"]}>{client}</h2>
        <StateWord look={look}>{rest}</StateWord>
        <Revoke {...props} facts={facts} />
      </div>
      <Facts facts={facts} nowMs={nowMs} />
      <ItsRounds {...props} facts={facts} />
    </div>
  );
}

function Facts({ facts, nowMs }: { readonly facts: Participant; readonly nowMs: number }) {
  const { lastSeen, staleness, share, meanTrainingSeconds } = facts;
  const rows: readonly (readonly [string, string])[] = [
    ["Device", facts.device?.platform ?? noValue],
    ["Runs in", runsInText(facts)],
    ["Joined", formatInstant(Date.parse(facts.joinedAt), { timeZone, nowMs })],
    [
      "Last seen",
      lastSeen === null ? noValue : formatAgo(Math.max(nowMs - Date.parse(lastSeen), 0)),
    ],
    ["Asked", formatCount(facts.ordered)],
    ["Accepted", formatCount(facts.accepted)],
    ["Refused", formatCount(facts.refused)],
    ["Late", formatCount(facts.late)],
    ["Declined", formatCount(facts.declined)],
    [
      "Behind",
      orNoValue(staleness, (count) => (count === 1 ? "1 round" : `${formatCount(count)} rounds`)),
    ],
    ["Rows of data, as it says", orNoValue(facts.examples, formatCount)],
    ["Weight of its updates", orNoValue(share, formatPercent)],
    ["Training, mean", orNoValue(meanTrainingSeconds, (seconds) => formatDuration(seconds * 1000))],
    ["Sent up", formatBytes(facts.bytesUp)],
    ["Sent down", formatBytes(facts.bytesDown)],
  ];
  return (
    <Card title="What it says and does">
      <dl className={styles["facts"]}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

interface Part {
  readonly round: number;
  readonly member: MemberTimeline;
  readonly isClosed: boolean;
}

function ItsRounds({ reader, run, views, facts }: RunTabProps & { readonly facts: Participant }) {
  const last = Math.max(run.state.round, run.committedRounds);
  const first = Math.max(last - PAST + 1, 1);
  const rounds = Array.from({ length: last - first + 1 }, (_, at) => last - at);
  const details = useQueries({
    queries: rounds.map((round) => roundQuery(reader, round)),
    combine: loaded,
  });
  const parts = useMemo(() => partsOf(details, facts.index), [details, facts.index]);
  const { maxNorm } = views.settings;
  return (
    <Card
      title="Its last rounds"
      subtitle={`of rounds ${formatCount(first)} to ${formatCount(last)}`}
      padding="bare"
    >
      <DataTable
        {...{ caption: "Its last rounds", columns: partColumns(run.id, maxNorm), rows: parts }}
        rowKey={({ round }) => String(round)}
        empty={<Empty title="It was not asked">In none of these rounds.</Empty>}
      />
    </Card>
  );
}

function loaded(
  results: readonly { readonly data: RoundDetails | undefined }[],
): readonly RoundDetails[] {
  return results.flatMap(({ data }) => data ?? []);
}

function partsOf(details: readonly RoundDetails[], index: number): readonly Part[] {
  return details.flatMap(({ round, attempts }) => {
    const attempt = attempts.at(-1);
    const member = attempt?.members.find((one) => one.index === index);
    if (attempt === undefined || member === undefined) return [];
    return { round, member, isClosed: attempt.status !== "open" };
  });
}

function partColumns(run: string, maxNorm: number | null): readonly Column<Part>[] {
  const time = (ms: number | null): string => orNoValue(ms, formatTimer);
  return [
    {
      ...{ id: "round", header: "Round", phone: "title" },
      cell: ({ round }) => (
        <Link href={tabHref(run, "rounds", String(round))}>{formatCount(round)}</Link>
      ),
    },
    {
      ...{ id: "state", header: "State", phone: "fact" },
      cell: ({ member, isClosed }) => {
        const { code } = member;
        const why =
          code === null || code === "late-update" ? "" : `: ${refusalText(code, { maxNorm })}`;
        return <StateWord look={memberStates[closedStanding(member, isClosed)]}>{why}</StateWord>;
      },
    },
    { id: "started", header: "Began", align: "end", cell: ({ member }) => time(member.startedMs) },
    {
      ...{ id: "arrived", header: "Came", align: "end", phone: "fact" },
      cell: ({ member }) => time(member.acceptedMs ?? member.refusedMs),
    },
    {
      ...{ id: "training", header: "Training", align: "end" },
      cell: ({ member }) =>
        orNoValue(member.trainingSeconds, (seconds) => formatTimer(seconds * 1000)),
    },
    {
      ...{ id: "sent", header: "Sent up", align: "end", phone: "fact" },
      cell: ({ member }) => (
        <span title={formatExactBytes(member.bytesUp)}>{formatBytes(member.bytesUp)}</span>
      ),
    },
  ];
}

function Revoke({ reader, run, facts }: RunTabProps & { readonly facts: Participant }) {
  const [isAsking, setAsking] = useState(false);
  const cache = useQueryClient();
  const may = allows(useMe(), "clients:write");
  const revoke = useMutation({
    mutationFn: () =>
      reader.api.revokeClient({ params: { run: runId(run.id), client: clientId(facts.client) } }),
    onSuccess: async () => {
      setAsking(false);
      await cache.invalidateQueries({ queryKey: keys.participants(run.id) });
    },
  });
  if (!may || facts.revokedAt !== null) return null;
  return (
    <div className={styles["actions"]}>
      <Button kind="danger" icon={Ban} onClick={() => setAsking(true)}>
        End its part{"\u2026"}
      </Button>
      <ConfirmDialog
        {...{ isOpen: isAsking, isBusy: revoke.isPending, onClose: () => setAsking(false) }}
        onConfirm={() => {
          revoke.mutate();
        }}
        title={`End the part of ${facts.client}?`}
        verb="End its part"
        effect={
          <p>
            {`Its key is taken out of use and its connection is cut. ${formatCount(facts.accepted)} accepted updates stay in the adapter.`}
          </p>
        }
      >
        {revoke.error === null ? null : (
          <LoadError title="That did not work" error={revoke.error} isUrgent />
        )}
      </ConfirmDialog>
    </div>
  );
}

import {
  formatBytes,
  formatCount,
  formatInstant,
  formatTimer,
  memberStates,
  noValue,
  orNoValue,
} from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { LinkButton } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { Hash } from "../../../ui/copy.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { ErrorNote } from "../../../ui/error-note.tsx";
import { StateWord } from "../../../ui/pill.tsx";
import type { Column, TableSort } from "../../../ui/table-model.ts";
import { LoadError } from "../../shell/load-error.tsx";
import { Loading } from "../../shell/loading.tsx";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import type { AttemptTimeline, MemberTimeline, RoundDetails } from "../model/api-types.ts";
import { closedStanding, indexName } from "../model/members.ts";
import { phasesOf } from "../model/phases.ts";
import { useNow } from "../overview/use-now.ts";
import { roundQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import { tabHref } from "../run-tabs.ts";
import { refusalText } from "../words.ts";
import type { Limits } from "../words.ts";
import { MemberTrack } from "./member-track.tsx";
import { PhaseBar, PhaseKey } from "./phase-bar.tsx";
import styles from "./rounds.module.css";
import { timeZone } from "../time-zone.ts";

/** What happened in one round, minute by minute, and why whom was refused. */
export function RoundView({ reader, run, views, round }: RunTabProps & { readonly round: number }) {
  const last = Math.max(run.state.round, run.committedRounds);
  const { data, error, refetch } = useQuery(roundQuery(reader, round));
  useRoundKeys(run.id, { round, last });
  const { maxNorm, roundTimeoutMs } = views.settings;
  return (
    <div className={styles["stack"]}>
      <Pager {...{ run: run.id, round, last }}>
        {data === undefined ? null : <RoundFacts details={data} />}
      </Pager>
      {error === null ? null : (
        <LoadError
          title={`Could not load round ${formatCount(round)}`}
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null ? <Loading /> : null}
      {data === undefined ? null : <PhasesOf details={data} wholeMs={roundTimeoutMs} />}
      {run.presence === "hidden" ? (
        <Card>
          <Empty title="Hidden">
            Who took part, and when, is not told in this run: its privacy noise counts on nobody
            knowing.
          </Empty>
        </Card>
      ) : null}
      {(data?.attempts ?? []).map((attempt) => (
        <Attempt key={attempt.attempt} {...{ attempt, run: run.id, maxNorm, roundTimeoutMs }} />
      ))}
    </div>
  );
}

interface Place {
  readonly round: number;
  readonly last: number;
}

function useRoundKeys(run: string, { round, last }: Place): void {
  const [, navigate] = useLocation();
  const shortcuts = useMemo(() => {
    const go = (to: number) => () => {
      if (to >= 1 && to <= last) navigate(tabHref(run, "rounds", String(to)));
    };
    return [
      { keys: "[", title: "Previous round", run: go(round - 1) },
      { keys: "]", title: "Next round", run: go(round + 1) },
    ];
  }, [run, round, last, navigate]);
  useShortcuts(shortcuts);
}

function Pager({
  run,
  round,
  last,
  children,
}: Place & { readonly run: string; readonly children: ReactNode }) {
  const href = (to: number): string => tabHref(run, "rounds", String(to));
  return (
    <div className={styles["pager"]}>
      <h2 className={styles["title"]}>Round {formatCount(round)}</h2>
      {round > 1 ? (
        <LinkButton href={href(round - 1)} size="small" icon={ChevronLeft}>
          Round {formatCount(round - 1)}
        </LinkButton>
      ) : null}
      {round < last ? (
        <LinkButton href={href(round + 1)} size="small" iconEnd={ChevronRight}>
          Round {formatCount(round + 1)}
        </LinkButton>
      ) : null}
      <Link href={tabHref(run, "rounds")}>All rounds</Link>
      <div className={styles["facts"]}>{children}</div>
    </div>
  );
}

function RoundFacts({ details }: { readonly details: RoundDetails }) {
  const { committed, committedAt, round } = details;
  const nowMs = useNow(60_000);
  const adapter = committed?.adapters[0]?.hash;
  if (committed === null) return <span>Not published yet</span>;
  return (
    <>
      {committedAt === null ? null : (
        <span>{`Published ${formatInstant(Date.parse(committedAt), { timeZone, nowMs })}`}</span>
      )}
      {committed.seconds === undefined ? null : (
        <span>{`after ${formatTimer(committed.seconds * 1000)}`}</span>
      )}
      {adapter === undefined ? null : (
        <span>
          adapter <Hash value={adapter} label={`Hash of adapter ${formatCount(round)}`} />
        </span>
      )}
    </>
  );
}

function PhasesOf({
  details,
  wholeMs,
}: {
  readonly details: RoundDetails;
  readonly wholeMs: number;
}) {
  const phases = phasesOf(details);
  if (phases === null) return null;
  return (
    <Card
      title="Where the time went"
      subtitle="along the slowest accepted client"
      actions={<PhaseKey />}
    >
      <PhaseBar {...{ phases, totalMs: 0, wholeMs }} isWide />
    </Card>
  );
}

interface AttemptProps extends Limits {
  readonly attempt: AttemptTimeline;
  readonly run: string;
  readonly roundTimeoutMs: number;
}

const statusText: Readonly<Record<AttemptTimeline["status"], string>> = {
  open: "open",
  closed: "closed",
  abandoned: "given up",
};

/** How long an attempt took, or may still take; ms. */
function lengthOf({ openedAt, endedAt, members }: AttemptTimeline, roundTimeoutMs: number): number {
  const ended = endedAt === null ? roundTimeoutMs : Date.parse(endedAt) - Date.parse(openedAt);
  const times = members.map(({ acceptedMs, refusedMs }) => acceptedMs ?? refusedMs ?? 0);
  return Math.max(ended, ...times, 1);
}

function Attempt({ attempt, run, maxNorm, roundTimeoutMs }: AttemptProps) {
  const [sort, setSort] = useState<TableSort | null>(null);
  const { status, members, target, code } = attempt;
  const wholeMs = lengthOf(attempt, roundTimeoutMs);
  const columns = useMemo(
    () => memberColumns(attempt, { run, maxNorm, wholeMs }),
    [attempt, run, maxNorm, wholeMs],
  );
  const subtitle = `${statusText[status]}, ${formatCount(members.length)} selected, ${formatCount(target)} close it`;
  return (
    <Card title={`Attempt ${formatCount(attempt.attempt)}`} subtitle={subtitle} padding="bare">
      {code === null ? null : (
        <ErrorNote title={`Given up: ${refusalText(code, { maxNorm })}`} tone="wait" />
      )}
      <DataTable
        {...{
          caption: `Members of attempt ${attempt.attempt}`,
          columns,
          rows: members,
          sort,
          onSort: setSort,
        }}
        height={900}
        rowKey={({ index }) => String(index)}
      />
    </Card>
  );
}

interface MemberContext extends Limits {
  readonly run: string;
  readonly wholeMs: number;
}

type MemberColumn = Column<MemberTimeline>;

function memberColumns(attempt: AttemptTimeline, context: MemberContext): readonly MemberColumn[] {
  const isClosed = attempt.status !== "open";
  const arrived = ({ acceptedMs, refusedMs }: MemberTimeline): number | null =>
    acceptedMs ?? refusedMs;
  return [
    {
      ...{ id: "name", header: "Name", phone: "title" },
      cell: ({ client, index }) =>
        client === null ? (
          indexName(index)
        ) : (
          <Link href={tabHref(context.run, "participants", client)} className={styles["round"]}>
            {client}
          </Link>
        ),
      sortValue: ({ client, index }) => client ?? indexName(index),
    },
    {
      ...{ id: "state", header: "State", phone: "fact" },
      cell: (member) => {
        const why =
          member.code === null || member.code === "late-update"
            ? ""
            : `: ${refusalText(member.code, context)}`;
        return <StateWord look={memberStates[closedStanding(member, isClosed)]}>{why}</StateWord>;
      },
      sortValue: (member) => closedStanding(member, isClosed),
    },
    {
      ...{ id: "track", header: `0:00 to ${formatTimer(context.wholeMs)}`, width: "36%" },
      cell: (member) => <MemberTrack {...{ member, wholeMs: context.wholeMs }} />,
    },
    {
      ...{ id: "arrived", header: "Came", align: "end", phone: "fact" },
      cell: (member) => orNoValue(arrived(member), formatTimer),
      sortValue: arrived,
    },
    {
      ...{ id: "examples", header: "Rows", align: "end" },
      cell: ({ examples }) => orNoValue(examples, formatCount),
      sortValue: ({ examples }) => examples,
    },
    {
      ...{ id: "sent", header: "Sent up", align: "end", phone: "fact" },
      cell: ({ bytesUp }) => (bytesUp === 0 ? noValue : formatBytes(bytesUp)),
      sortValue: ({ bytesUp }) => bytesUp,
    },
  ];
}

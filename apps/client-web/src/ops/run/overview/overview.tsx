import { formatCount } from "@fedtune/figures";
import { useMemo } from "react";
import { Link, useLocation } from "wouter";
import { Crosshairs } from "../../../chart/crosshair-store.tsx";
import { Card } from "../../../ui/card.tsx";
import { classes } from "../../../ui/classes.ts";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { EventList } from "../events/event-list.tsx";
import { eventLog } from "../model/event-log.ts";
import { roundsTable } from "../model/rounds-table.ts";
import type { RoundDetails } from "../model/api-types.ts";
import type { RoundStrip as Strip } from "../model/strip.ts";
import { openRow } from "../model/rounds-table.ts";
import { participantColumns } from "../participants/participant-columns.tsx";
import { useParticipantRows } from "../participants/use-participant-rows.ts";
import { PhaseKey } from "../rounds/phase-bar.tsx";
import { useRoundColumns } from "../rounds/use-round-columns.ts";
import { useStrip } from "../rounds/use-open-row.ts";
import type { RunTabProps } from "../run-page.tsx";
import { tabHref } from "../run-tabs.ts";
import { useLastRounds, useLate, useNames } from "../use-run-data.ts";
import { AccuracyChart, LayersChart, LossChart, PrivacyChart, TrafficChart } from "./charts.tsx";
import { KeyFigures } from "./key-figures.tsx";
import { RoundStrip } from "./strip/round-strip.tsx";
import { Waiting } from "./strip/waiting.tsx";
import styles from "./overview.module.css";
import { timeZone } from "../time-zone.ts";

/** What may need action now stands above what needs thought. */
export function Overview(props: RunTabProps) {
  const { reader, run, views, toldAtMs } = props;
  const details = useLastRounds(reader, run);
  const strip = useStrip(props, details);
  const closesAtMs =
    run.state.countdown?.timer === "round" ? toldAtMs + run.state.countdown.remainingMs : null;
  return (
    <Crosshairs>
      <div className={styles["grid"]}>
        <div className={styles["c12"]}>
          {strip === null ? (
            <Waiting {...{ run, settings: views.settings, toldAtMs }} />
          ) : (
            <RoundStrip strip={strip} closesAtMs={closesAtMs} />
          )}
        </div>
        <div className={styles["c12"]}>
          <KeyFigures views={views} openMs={strip?.clock?.nowMs ?? null} />
        </div>
        <AccuracyChart views={views} className={styles["c6"]} />
        <LossChart views={views} className={styles["c6"]} />
        <LayersChart views={views} className={styles["c6"]} />
        <TrafficChart
          views={views}
          className={classes(styles["c3"], styles["half"])}
          height={222}
        />
        <PrivacyChart
          views={views}
          className={classes(styles["c3"], styles["half"])}
          height={222}
        />
        <LastRounds {...props} details={details} strip={strip} />
        <LastEvents {...props} details={details} />
        <InTrouble {...props} strip={strip} />
      </div>
    </Crosshairs>
  );
}

const shownRounds = 6;

interface LastProps extends RunTabProps {
  readonly details: readonly RoundDetails[];
}

function LastRounds({
  reader,
  run,
  views,
  details,
  strip,
}: LastProps & { readonly strip: Strip | null }) {
  const { byRound } = useLate(reader);
  const [, navigate] = useLocation();
  const columns = useRoundColumns(views, { details, isWhole: false });
  const open = strip === null ? null : openRow(run.state, strip);
  const sources = { rows: views.rows, open, lateByRound: byRound };
  const rows = roundsTable(
    { ...sources, roundTimeoutMs: views.settings.roundTimeoutMs },
    shownRounds,
  );
  return (
    <Card title="Rounds" padding="bare" className={styles["c8"]} actions={<PhaseKey />}>
      <DataTable
        {...{ caption: "The last rounds", columns, rows }}
        rowKey={({ round }) => String(round)}
        onOpen={({ round }) => {
          navigate(tabHref(run.id, "rounds", String(round)));
        }}
        empty={<Empty title="No round yet">The first one opens when enough people are here.</Empty>}
      />
    </Card>
  );
}

const shownEvents = 7;

function LastEvents({ reader, run, views, details }: LastProps) {
  const nameOf = useNames(reader);
  const { quorum, maxNorm } = views.settings;
  const entries = useMemo(
    () => eventLog(details.slice(-2), { nameOf, quorum, maxNorm }).slice(0, shownEvents),
    [details, nameOf, quorum, maxNorm],
  );
  return (
    <Card
      title="Events"
      padding="bare"
      className={styles["c4"]}
      actions={<Link href={tabHref(run.id, "events")}>All</Link>}
    >
      {entries.length === 0 ? (
        <Empty title={run.presence === "hidden" ? "Hidden" : "Nothing yet"}>
          {run.presence === "hidden"
            ? "What single clients did is not told in this run."
            : "Rounds, updates and refusals stand here as they happen."}
        </Empty>
      ) : (
        <EventList entries={entries} timeZone={timeZone} />
      )}
    </Card>
  );
}

const shownParticipants = 7;

function InTrouble({ reader, run, views, strip }: RunTabProps & { readonly strip: Strip | null }) {
  const { rows, nowMs } = useParticipantRows(reader, run, strip?.members ?? noMembers);
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
  if (run.presence === "hidden") return null;
  const shown = rows.slice(0, shownParticipants);
  const counts = `${formatCount(run.figures.joined)} joined, ${formatCount(run.state.present)} here now`;
  const order =
    rows.length > shown.length ? `, ${formatCount(shown.length)} shown by trouble first` : "";
  return (
    <Card
      title="Participants"
      subtitle={counts + order}
      padding="bare"
      className={styles["c12"]}
      actions={
        <Link href={tabHref(run.id, "participants")}>All {formatCount(run.figures.joined)}</Link>
      }
    >
      <DataTable
        {...{ caption: "Participants, those in trouble first", columns, rows: shown }}
        rowKey={({ facts }) => String(facts.index)}
        empty={<Empty title="Nobody has joined yet">Invite people with a link or a QR code.</Empty>}
      />
    </Card>
  );
}

const noMembers = [] as const;

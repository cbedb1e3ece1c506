import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatEpsilon,
  formatLoss,
  formatPercent,
  formatTimer,
  joinTexts,
  noValue,
  orNoValue,
  powerOfTen,
  roundStates,
} from "@fedtune/figures";
import { Link } from "wouter";
import { StateWord } from "../../../ui/pill.tsx";
import { RichText } from "../../../ui/rich-text.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { VisuallyHidden } from "../../../ui/visually-hidden.tsx";
import type { Phases } from "../model/phases.ts";
import type { RoundShares, RoundsTableRow } from "../model/rounds-table.ts";
import type { Limits } from "../words.ts";
import { refusalText } from "../words.ts";
import { PhaseBar } from "./phase-bar.tsx";
import styles from "./rounds.module.css";

/** What the columns need to know beside a row. */
export interface RoundColumnsContext extends Limits {
  /** Null: a simulation, whose rounds have no page. */
  readonly hrefOf: ((round: number) => string) | null;
  readonly phasesOf: (round: number) => Phases | null;
  readonly roundTimeoutMs: number;
  /** Power of ten of the errors, common to the column. */
  readonly errorExponent: number;
}

type RoundColumn = Column<RoundsTableRow>;

function part(
  id: string,
  header: string,
  count: (shares: RoundShares, row: RoundsTableRow) => number | null,
): RoundColumn {
  return {
    ...{ id, header, align: "end" },
    cell: (row) => {
      const value = row.shares === null ? null : count(row.shares, row);
      if (value === 0) return <span className={styles["quiet"]}>0</span>;
      return orNoValue(value, formatCount);
    },
    sortValue: (row) => (row.shares === null ? null : count(row.shares, row)),
  };
}

/** Reasons of refusals in words: `update norm above the limit, 10.0: 1`. */
function reasonsText({ reasons }: RoundsTableRow, limits: Limits): string {
  return Object.entries(reasons)
    .map(([code, count]) => `${refusalText(code, limits)}: ${formatCount(count)}`)
    .join("; ");
}

function refusedColumn(context: RoundColumnsContext): RoundColumn {
  return {
    ...{ id: "refused", header: "Refused", align: "end" },
    cell: (row) => {
      const refused = row.shares?.refused ?? null;
      if (refused === null) return noValue;
      if (refused === 0) return <span className={styles["quiet"]}>0</span>;
      const text = reasonsText(row, context);
      return (
        <span
          className={styles["refused"]}
          title={text}
          aria-label={`${formatCount(refused)}: ${text}`}
        >
          {formatCount(refused)}
        </span>
      );
    },
    sortValue: ({ shares }) => shares?.refused ?? null,
  };
}

function roundColumn({ hrefOf }: RoundColumnsContext): RoundColumn {
  return {
    ...{ id: "round", header: "Round", align: "end", width: "72px", phone: "title" },
    cell: ({ round }) =>
      hrefOf === null ? (
        <b className={styles["round"]}>{formatCount(round)}</b>
      ) : (
        <Link href={hrefOf(round)} className={styles["round"]}>
          {formatCount(round)}
        </Link>
      ),
    sortValue: ({ round }) => round,
  };
}

const stateColumn: RoundColumn = {
  ...{ id: "state", header: "State", phone: "fact" },
  cell: ({ state, attempt }) => (
    <StateWord look={roundStates[state]}>
      {state === "repeated" && attempt !== null ? `, attempt ${formatCount(attempt)}` : ""}
    </StateWord>
  ),
};

function timeColumns({ phasesOf, roundTimeoutMs }: RoundColumnsContext): readonly RoundColumn[] {
  return [
    {
      ...{ id: "phases", header: "Time", width: "150px" },
      cell: ({ round, seconds }) => (
        <PhaseBar
          phases={phasesOf(round)}
          totalMs={(seconds ?? 0) * 1000}
          wholeMs={roundTimeoutMs}
        />
      ),
    },
    {
      ...{ id: "seconds", align: "end", phone: "fact" },
      header: <VisuallyHidden>Length</VisuallyHidden>,
      cell: ({ seconds }) => orNoValue(seconds, (value) => formatTimer(value * 1000)),
      sortValue: ({ seconds }) => seconds,
    },
  ];
}

const accuracyColumn: RoundColumn = {
  ...{ id: "accuracy", header: "Accuracy", align: "end", phone: "fact" },
  cell: ({ accuracy }) => orNoValue(accuracy, formatPercent),
  sortValue: ({ accuracy }) => accuracy,
};

function errorColumn({ errorExponent }: RoundColumnsContext): RoundColumn {
  const scale = 10 ** -errorExponent;
  return {
    ...{ id: "error", align: "end" },
    // One box: the button that sorts sets its parts apart.
    header: (
      <span>
        <RichText text={joinTexts("Error \u00d7\u202f", powerOfTen(errorExponent))} />
      </span>
    ),
    cell: ({ error }) =>
      error === 0 ? "exact" : orNoValue(error, (value) => formatDecimal(value * scale, 2)),
    sortValue: ({ error }) => error,
  };
}

/** Columns of the table on the overview. */
export function roundColumns(context: RoundColumnsContext): readonly RoundColumn[] {
  return [
    roundColumn(context),
    stateColumn,
    ...timeColumns(context),
    part("in", "In", ({ accepted }) => accepted),
    part("late", "Late", ({ late }, { isClosed }) => (isClosed ? late : null)),
    refusedColumn(context),
    part("noAnswer", "No answer", ({ noAnswer }) => noAnswer),
    errorColumn(context),
    accuracyColumn,
  ];
}

/** Columns of the whole table. */
export function allRoundColumns(context: RoundColumnsContext): readonly RoundColumn[] {
  return [
    ...roundColumns(context),
    {
      ...{ id: "loss", header: "Loss", align: "end" },
      cell: ({ loss }) => orNoValue(loss, formatLoss),
      sortValue: ({ loss }) => loss,
    },
    {
      ...{ id: "sent", header: "Sent up", align: "end" },
      cell: ({ bytesUp }) => orNoValue(bytesUp, formatBytes),
      sortValue: ({ bytesUp }) => bytesUp,
    },
    {
      ...{ id: "epsilon", header: "\u03b5 spent", align: "end" },
      cell: ({ epsilon }) => (
        <span className={styles["privacy"]}>{orNoValue(epsilon, formatEpsilon)}</span>
      ),
      sortValue: ({ epsilon }) => epsilon,
    },
  ];
}

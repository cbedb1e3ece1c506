import {
  formatBytes,
  formatCount,
  formatDelta,
  formatEpsilon,
  formatEpsilonLeft,
  formatExactBytes,
  noValue,
  sparkFigure,
} from "@fedtune/figures";
import type { Scene } from "@fedtune/figures";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { SceneView } from "../../chart/scene-view.tsx";
import { Meter } from "../../ui/meter.tsx";
import { StateWord } from "../../ui/pill.tsx";
import { Progress } from "../../ui/progress.tsx";
import { RichText } from "../../ui/rich-text.tsx";
import { Instant } from "../shell/instant.tsx";
import { formatMetric, metricWord } from "../metric.ts";
import type { ColumnName } from "./columns.ts";
import { isTroubled, runStateOf } from "./run-state.ts";
import type { RunSummary } from "./run-state.ts";
import { words } from "./words.ts";
import styles from "./cells.module.css";

/** A run in one cell. */
interface CellProps {
  readonly run: RunSummary;
}

function NameCell({ run }: CellProps) {
  return (
    <>
      <Link href={`/runs/${run.id}`} className={styles["name"]}>
        {run.id}
      </Link>
      {isTroubled(run) ? (
        <TriangleAlert
          size={14}
          strokeWidth={2.2}
          className={styles["trouble"]}
          role="img"
          aria-label={words.troubled}
        />
      ) : null}
    </>
  );
}

function StateCell({ run }: CellProps) {
  const { look, detail } = runStateOf(run);
  return (
    <span className={styles["state"]} title={detail === "" ? undefined : detail}>
      <StateWord look={look}>{detail === "" ? "" : `, ${detail}`}</StateWord>
    </span>
  );
}

const tones = { running: "accent", completed: "ok", failed: "bad", stopped: "idle" } as const;

function ProgressCell({ run: { id, committedRounds, numRounds, status } }: CellProps) {
  const text = `${formatCount(committedRounds)} / ${formatCount(numRounds)}`;
  return (
    <span className={styles["progress"]}>
      <span>{text}</span>
      <Progress
        label={`Rounds of ${id}`}
        value={committedRounds / numRounds}
        valueText={`${formatCount(committedRounds)} of ${formatCount(numRounds)} rounds`}
        tone={tones[status]}
        height={4}
      />
    </span>
  );
}

/** The metric over the rounds, as long as a word. */
function sparkOf(points: RunSummary["figures"]["spark"]): Scene {
  const x = points.map(([round = Number.NaN]) => round);
  const values = points.map(([, value = Number.NaN]) => value);
  return sparkFigure({ x, values, colour: "s1", width: 64, height: 20 });
}

function BestCell({ run: { figures } }: CellProps) {
  const { best, spark } = figures;
  if (best === null) return noValue;
  const last = spark.at(-1)?.[1];
  const now = last === undefined ? "" : `; last ${formatMetric(best.metric, last)}`;
  const name = metricWord(best.metric);
  return (
    <span className={styles["best"]} title={`Best ${name} after ${words.bestAt(best.round)}${now}`}>
      <SceneView scene={sparkOf(spark)} />
      <span className={styles["figure"]}>{formatMetric(best.metric, best.value)}</span>
      <span className={styles["round"]}>{words.bestAt(best.round)}</span>
    </span>
  );
}

function PrivacyCell({ run: { id, figures } }: CellProps) {
  const { epsilon } = figures;
  if (epsilon === null) return <span className={styles["quiet"]}>{noValue}</span>;
  const { spent, planned, limit, delta } = epsilon;
  const text = limit === null ? words.noLimit : `of ${formatEpsilonLeft(limit)}`;
  return (
    <span className={styles["privacy"]}>
      <span>
        <span className={styles["spent"]}>{formatEpsilon(spent)}</span>{" "}
        <span className={styles["quiet"]}>{text}</span>
      </span>
      {limit === null ? null : (
        <Meter
          label={`Privacy spent by ${id}`}
          value={spent}
          planned={Math.max(0, Math.min(planned, limit) - spent)}
          max={limit}
          valueText={`epsilon ${formatEpsilon(spent)} of ${formatEpsilonLeft(limit)}`}
          tone="privacy"
          height={4}
        />
      )}
      <span className={styles["hidden"]}>
        delta <RichText text={formatDelta(delta)} />
      </span>
    </span>
  );
}

function BytesCell({ run: { figures } }: CellProps) {
  const { bytesUp } = figures;
  if (bytesUp === null) return <span className={styles["quiet"]}>{words.hidden}</span>;
  return <span title={formatExactBytes(bytesUp)}>{formatBytes(bytesUp)}</span>;
}

function ParticipantsCell({ run: { state, figures, status } }: CellProps) {
  const here = status === "running" ? formatCount(state.present) : noValue;
  return `${here} / ${formatCount(figures.joined)}`;
}

function StartedCell({ run: { createdAt } }: CellProps) {
  return <Instant at={createdAt} />;
}

/** What draws each column. */
export const cells: Readonly<Record<ColumnName, (props: CellProps) => ReactNode>> = {
  name: NameCell,
  state: StateCell,
  progress: ProgressCell,
  best: BestCell,
  privacy: PrivacyCell,
  bytesUp: BytesCell,
  participants: ParticipantsCell,
  started: StartedCell,
  method: ({ run }) => run.method,
  model: ({ run }) => run.model,
};

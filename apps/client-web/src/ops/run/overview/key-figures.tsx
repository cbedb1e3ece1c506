import {
  bytesQuantity,
  formatBytes,
  formatCount,
  formatDelta,
  formatDuration,
  formatEpsilon,
  formatEpsilonLeft,
  formatEstimate,
  formatExactBytes,
  formatPercent,
  formatPoints,
  formatTimer,
  narrowSpace,
  noValue,
  percentQuantity,
} from "@fedtune/figures";
import { useMemo } from "react";
import { Spark } from "../../../chart/spark.tsx";
import { Figure } from "../../../ui/figure.tsx";
import { Meter } from "../../../ui/meter.tsx";
import { RichText } from "../../../ui/rich-text.tsx";
import { accuracyCurves } from "../model/curves.ts";
import { paceOf, qualityFigure, roundsBeforeForecast, timeFigure } from "../model/key-figures.ts";
import { trafficOf } from "../model/traffic.ts";
import type { Traffic } from "../model/traffic.ts";
import type { RunViews } from "../use-run-data.ts";
import styles from "./key-figures.module.css";

/** A run in four figures. */
export interface KeyFiguresProps {
  readonly views: RunViews;
  /** How long the round at hand has taken, ms; null: none is open. */
  readonly openMs: number | null;
}

/** How good, how much sent, how much privacy, how long. */
export function KeyFigures({ views, openMs }: KeyFiguresProps) {
  const { rows, cost, privacy } = views;
  const traffic = useMemo(() => trafficOf(rows, cost?.bytes ?? null), [rows, cost]);
  return (
    <div className={styles["row"]}>
      <Quality views={views} />
      <Sent traffic={traffic} />
      <Privacy privacy={privacy} />
      <Time views={views} openMs={openMs} />
    </div>
  );
}

const qualityLabels: Readonly<Record<string, string>> = {
  Clients: "Accuracy, mean over clients",
  Central: "Accuracy, central test data",
};

function Quality({ views: { rows, settings } }: Pick<KeyFiguresProps, "views">) {
  const figure = useMemo(
    () => qualityFigure(accuracyCurves(rows, settings.evaluatedBy)),
    [rows, settings.evaluatedBy],
  );
  const label =
    settings.evaluatedBy === "central" ? qualityLabels["Central"] : qualityLabels["Clients"];
  if (figure === null)
    return <Figure label={label} value={noValue} detail="First value after round 1" />;
  const { now, before, best, spark, round } = figure;
  const { value, unit } = percentQuantity(now);
  const change =
    before === null
      ? `after round ${formatCount(round)}`
      : `${formatPoints(now - before.value)} since round ${formatCount(before.round)}`;
  const top = `best ${formatPercent(best.value)}`;
  return (
    <Figure label={label} value={value} unit={unit} detail={`${change}; ${top}`}>
      <Spark points={spark} label="Accuracy over the rounds" />
    </Figure>
  );
}

function Sent({ traffic }: { readonly traffic: Traffic }) {
  const { perUpdate, perDenseUpdate, ofDense, totalUp } = traffic;
  if (totalUp === null)
    return (
      <Figure
        label="Up per client and round"
        value="withheld"
        detail="It would tell how many took part"
      />
    );
  const total = `${formatBytes(totalUp)} in all`;
  if (perUpdate === null || perDenseUpdate === null || ofDense === null)
    return (
      <Figure
        label="Up, all clients"
        {...bytesQuantity(totalUp)}
        detail="updates, headers included"
      />
    );
  const { value, unit } = bytesQuantity(perUpdate);
  return (
    <Figure
      label="Up per client and round"
      value={<span title={formatExactBytes(perUpdate)}>{value}</span>}
      unit={unit}
      detail={`${total}, ${formatPercent(ofDense, 0)} of dense LoRA`}
    >
      <span className={styles["bars"]}>
        <span className={styles["bar"]}>
          <i className={styles["sent"]} style={{ width: `${80 * Math.min(ofDense, 1)}px` }} />
          sent
        </span>
        <span className={styles["bar"]}>
          <i className={styles["dense"]} style={{ width: `${80 / Math.max(ofDense, 1)}px` }} />
          dense
        </span>
      </span>
    </Figure>
  );
}

function Privacy({ privacy }: Pick<RunViews, "privacy">) {
  if (privacy === null)
    return (
      <Figure
        label="Privacy"
        value="none"
        detail="No promise: updates can reveal parts of the data"
      />
    );
  const { spent, projected, limit, rounds, delta } = privacy;
  const end = limit ?? projected;
  const label = "Privacy spent, at most";
  return (
    <Figure
      label={label}
      value={formatEpsilon(spent)}
      unit={limit === null ? "\u03b5" : `of \u03b5 ${formatEpsilonLeft(limit)}`}
      tone="privacy"
      detail={
        <>
          {formatEpsilon(projected)} projected at round {formatCount(rounds)}, {"\u03b4"} ={" "}
          <RichText text={formatDelta(delta)} />
        </>
      }
    >
      <span className={styles["meter"]}>
        <Meter
          {...{ label, value: spent, max: end, tone: "privacy" }}
          planned={Math.max(Math.min(projected, end) - spent, 0)}
          valueText={`epsilon ${formatEpsilon(spent)} of ${formatEpsilonLeft(end)}`}
        />
      </span>
    </Figure>
  );
}

/** Number and unit apart where there is one of each; a longer text stays whole. */
function splitUnit(text: string | null): readonly (string | undefined)[] {
  const parts = text?.split(narrowSpace) ?? [];
  return parts.length === 2 ? parts : [text ?? undefined, undefined];
}

function Time({ views: { rows, run }, openMs }: KeyFiguresProps) {
  const pace = useMemo(() => paceOf(rows), [rows]);
  const { leftMs, soFarMs, medianMs, spark } = timeFigure(pace, run, openMs);
  const taken = soFarMs === null ? null : formatDuration(soFarMs);
  const middle = medianMs === null ? "" : `; median round ${formatTimer(medianMs)}`;
  if (run.presence === "hidden")
    return <Figure label="Time left" value="withheld" detail="It would tell how many took part" />;
  const isOver = run.status !== "running";
  const [value = noValue, unit] = splitUnit(
    isOver ? taken : leftMs === null ? null : formatEstimate(leftMs).replace(/^about /, ""),
  );
  const soFar = taken === null ? "" : `${taken} so far${middle}`;
  return (
    <Figure
      label={isOver ? "Time taken" : leftMs === null ? "Time left" : "Time left, about"}
      {...{ value, unit }}
      detail={
        isOver
          ? middle.slice(2)
          : leftMs === null
            ? `Known after round ${formatCount(roundsBeforeForecast)}`
            : soFar
      }
    >
      {spark.length > 1 ? (
        <Spark points={spark} colour="ink-3" label="Length of the last rounds" />
      ) : null}
    </Figure>
  );
}

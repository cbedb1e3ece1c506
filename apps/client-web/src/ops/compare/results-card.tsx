import {
  formatBytes,
  formatCount,
  formatEpsilon,
  formatPoints,
  formatScientific,
  formatSignificant,
  formatWithHalfWidth,
  noValue,
  orNoValue,
  withSign,
} from "@fedtune/figures";
import type { ReactNode } from "react";
import { useMemo } from "react";
import { Card } from "../../ui/card.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { RichText } from "../../ui/rich-text.tsx";
import type { Column } from "../../ui/table-model.ts";
import type { CompareParts } from "./compare-page.tsx";
import { LineKey } from "./line-key.tsx";
import { metricLooks } from "./model/metrics.ts";
import type { ComparedMetric } from "./model/metrics.ts";
import { resultsOf, testText } from "./model/results.ts";
import type { GroupResult } from "./model/results.ts";
import styles from "./compare.module.css";

/** How the runs ended, with intervals and paired differences. */
export function ResultsCard({ groups, view, placeOf }: CompareParts) {
  const results = useMemo(() => resultsOf(groups, view.metric), [groups, view.metric]);
  const rounds = new Set(results.map((result) => result.rounds));
  const [only] = rounds;
  const title =
    rounds.size === 1 && only !== undefined
      ? `Results after ${formatCount(only)} rounds`
      : "Results at the end";
  const columns = columnsOf(results, { metric: view.metric, placeOf });
  return (
    <Card title={title} padding="bare" className={styles["results"]}>
      <DataTable {...{ caption: title, columns, rows: results }} rowKey={({ group }) => group.id} />
      {groups.length < 2 ? null : <p className={styles["foot"]}>{testText(results)}</p>}
    </Card>
  );
}

interface Context {
  readonly metric: ComparedMetric;
  readonly placeOf: CompareParts["placeOf"];
}

/** A value with its interval: `84.4 ± 1.5 %`. */
function valueText({ value }: GroupResult, metric: ComparedMetric): ReactNode {
  if (value === null) return noValue;
  const { kind, typed } = metricLooks[metric];
  const unit = kind === "fraction" ? "%" : "";
  const decimals = kind === "fraction" ? 1 : 3;
  const mean = value.mean / typed;
  if (value.halfWidth === null)
    return `${formatSignificant(mean, 3)}${unit === "" ? "" : `\u202f${unit}`}`;
  const text = formatWithHalfWidth({
    value: mean,
    halfWidth: value.halfWidth / typed,
    decimals,
    unit,
  });
  const [number, rest] = text.split(" \u00b1 ");
  return (
    <>
      <b className={styles["name"]}>{number}</b>{" "}
      <span className={styles["quiet"]}>{`\u00b1 ${rest ?? ""}`}</span>
    </>
  );
}

/** A difference with its p: `−1.7 points, p = 0.41`. */
function againstText({ against, p }: GroupResult, metric: ComparedMetric): ReactNode {
  if (against === null) return <span className={styles["quiet"]}>{noValue}</span>;
  const difference = against.difference.mean;
  const isShare = metricLooks[metric].kind === "fraction";
  const text = isShare
    ? formatPoints(difference)
    : withSign(formatSignificant(difference, 3), difference);
  const chance =
    p === null ? "no test" : p < 0.001 ? "p < 0.001" : `p = ${formatSignificant(p, 2)}`;
  return (
    <>
      {text}, <span className={styles["quiet"]}>{chance}</span>
    </>
  );
}

function columnsOf(
  results: readonly GroupResult[],
  { metric, placeOf }: Context,
): readonly Column<GroupResult>[] {
  const first = results[0]?.group.label ?? "";
  const { title } = metricLooks[metric];
  return [
    {
      ...{ id: "run", header: "Run", phone: "title" },
      cell: ({ group }) => (
        <span className={styles["run"]}>
          <LineKey place={placeOf(group)} />
          <span className={styles["name"]}>{group.label}</span>
        </span>
      ),
    },
    {
      ...{ id: "value", header: `${title}, 95 % interval`, align: "end", phone: "fact" },
      cell: (result) => valueText(result, metric),
    },
    {
      ...{ id: "against", header: `Against ${first}`, align: "end", phone: "fact" },
      cell: (result) => againstText(result, metric),
    },
    {
      ...{ id: "error", header: "Aggregation error", align: "end" },
      cell: ({ aggregationError: error }) =>
        error === null ? noValue : <RichText text={formatScientific(error, { decimals: 1 })} />,
    },
    {
      ...{ id: "bytes", header: "Up per client", align: "end", phone: "fact" },
      cell: ({ bytes }) => orNoValue(bytes, formatBytes),
    },
    {
      ...{ id: "epsilon", header: "\u03b5 spent", align: "end" },
      cell: ({ epsilon }) => (
        <span className={styles["plum"]}>{orNoValue(epsilon, formatEpsilon)}</span>
      ),
    },
  ];
}

import { formatCount, orNoValue } from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { Download, Package } from "lucide-react";
import { useMemo } from "react";
import { saveFile } from "../../../chart/save-file.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { Hash } from "../../../ui/copy.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { Tag } from "../../../ui/tag.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { VisuallyHidden } from "../../../ui/visually-hidden.tsx";
import { allows, useMe } from "../../api/session.ts";
import { formatMetric, metricWord } from "../../metric.ts";
import { LoadError } from "../../shell/load-error.tsx";
import { saveMetrics } from "../actions/save-metrics.ts";
import { useAdapterDownload } from "../actions/use-adapter-download.ts";
import { accuracyOf } from "../model/rounds-table.ts";
import type { RoundFigures } from "../model/round-figures.ts";
import { ledgerQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import type { RunViews } from "../use-run-data.ts";
import styles from "./tabs.module.css";

/** Adapters of all rounds, metrics, config, privacy record. */
export function FilesTab(props: RunTabProps) {
  return (
    <div className={styles["stack"]}>
      <Records {...props} />
      <Adapters {...props} />
    </div>
  );
}

interface FileLine {
  readonly name: string;
  readonly about: string;
  readonly save: () => void;
}

function Records({ reader, run, views }: RunTabProps) {
  const { data: ledger } = useQuery(ledgerQuery(reader));
  const json = (name: string, value: unknown): void => {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    saveFile(`${run.id}-${name}.json`, new Blob([text], { type: "application/json" }));
  };
  const lines: FileLine[] = [
    {
      name: "rounds.csv",
      about: "Every number of every round, one line each",
      save: () => saveMetrics(views, "csv"),
    },
    {
      name: "rounds.json",
      about: "The same with the errors of each layer",
      save: () => saveMetrics(views, "json"),
    },
    {
      name: "config.json",
      about: "The config as it was resolved",
      save: () => json("config", run.config),
    },
    {
      name: "privacy.json",
      about: "The guarantee and what was charged",
      save: () => json("privacy", ledger ?? null),
    },
  ];
  return (
    <Card title="Records" subtitle="full precision, base units">
      <ul className={styles["files"]}>
        {lines.map(({ name, about, save }) => (
          <li key={name} className={styles["file"]}>
            <span>
              <code>{`${run.id}-${name}`}</code>
              <span className={styles["quiet"]}>{about}</span>
            </span>
            <Button size="small" icon={Download} onClick={save} aria-label={`Download ${name}`}>
              Download
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Adapters({ run, views }: RunTabProps) {
  const mayTake = allows(useMe(), "adapters:read");
  const { mutate, error, isPending, variables } = useAdapterDownload(run.id);
  const rows = useMemo(
    () => views.rows.filter(({ adapter }) => adapter !== null).reverse(),
    [views.rows],
  );
  const busy = isPending ? variables : null;
  const columns = useMemo(
    () => adapterColumns(views, { mayTake, busy, onTake: mutate }),
    [views, mayTake, busy, mutate],
  );
  return (
    <Card
      title="Adapters"
      subtitle={`${formatCount(rows.length)}, as PEFT's two files`}
      padding="bare"
    >
      {error === null ? null : (
        <LoadError title="The adapter was not saved" error={error} isUrgent />
      )}
      <DataTable
        {...{ caption: "Adapters by round, the latest first", columns, rows, height: 720 }}
        rowKey={({ round }) => String(round)}
        empty={
          <Empty icon={Package} title="No adapter yet">
            The first one is published with round 1.
          </Empty>
        }
      />
    </Card>
  );
}

interface Taking {
  readonly mayTake: boolean;
  /** The round whose adapter is on its way. */
  readonly busy: string | null;
  readonly onTake: (round: string) => void;
}

function adapterColumns(
  { rows, settings }: RunViews,
  { mayTake, busy, onTake }: Taking,
): readonly Column<RoundFigures>[] {
  const scores = rows.flatMap(({ round, evaluation }) => {
    const score = accuracyOf(evaluation);
    return score === null ? [] : { round, score };
  });
  const best = scores.toSorted((a, b) => b.score - a.score)[0]?.round;
  const { metric } = settings;
  return [
    {
      ...{ id: "round", header: "Round", phone: "title" },
      cell: ({ round }) => (
        <>
          {formatCount(round)} {round === best ? <Tag>best accuracy</Tag> : null}
        </>
      ),
    },
    {
      ...{ id: "metric", header: metricWord(metric), align: "end", phone: "fact" },
      cell: ({ evaluation }) => {
        return orNoValue(evaluation?.[metric], (value) => formatMetric(metric, value));
      },
    },
    {
      ...{ id: "hash", header: "Hash of the values" },
      cell: ({ adapter, round }) =>
        adapter === null ? null : <Hash value={adapter} label={`Hash of adapter ${round}`} />,
    },
    {
      ...{ id: "take", align: "end", phone: "fact" },
      header: <VisuallyHidden>Download</VisuallyHidden>,
      cell: ({ round }) =>
        mayTake ? (
          <Button
            size="small"
            icon={Download}
            isBusy={busy === String(round)}
            aria-label={`PEFT files of round ${round}`}
            onClick={() => {
              onTake(String(round));
            }}
          >
            PEFT
          </Button>
        ) : null,
    },
  ];
}

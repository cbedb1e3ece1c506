import {
  formatCount,
  formatInstant,
  formatPercent,
  formatBytes,
  orNoValue,
  noValue,
} from "@fedtune/figures";
import { FlaskConical } from "lucide-react";
import { useState } from "react";
import { Link, useLocation, useRoute } from "wouter";
import { Spark } from "../../chart/spark.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import type { Column, TableSort } from "../../ui/table-model.ts";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import { Loading } from "../shell/loading.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { accuracyOf } from "../run/model/rounds-table.ts";
import { runningSums } from "../run/model/round-figures.ts";
import { useNow } from "../run/overview/use-now.ts";
import { DropPlace } from "./drop-place.tsx";
import type { Simulation } from "./model/simulation.ts";
import { SimulationView } from "./simulation-view.tsx";
import { simulationName, useRemoveSimulation, useSimulations } from "./use-simulations.ts";
import styles from "./simulations.module.css";
import { timeZone } from "../run/time-zone.ts";

/** Simulated runs: all that this browser holds, or one of them in the views of live runs. */
export function SimulationsPage() {
  const [isOne, params] = useRoute<{ readonly id: string }>("/simulations/:id/:tab?");
  const { list, isLasting } = useSimulations();
  if (list === null) return <Loading />;
  if (isOne) return <SimulationView simulation={list.find(({ id }) => id === params.id) ?? null} />;
  return <SimulationList list={list} isLasting={isLasting} />;
}

interface ListProps {
  readonly list: readonly Simulation[];
  readonly isLasting: boolean;
}

function SimulationList({ list, isLasting }: ListProps) {
  const names = list.slice(0, mostCompared).map(({ id }) => simulationName(id));
  return (
    <>
      <PageHead title="Simulations">
        {list.length > 1 ? (
          <LinkButton href={`/compare?runs=${names.map(encodeURIComponent).join(",")}`}>
            Compare
          </LinkButton>
        ) : null}
      </PageHead>
      <div className={styles["stack"]}>
        {isLasting ? null : (
          <ErrorNote tone="wait" title="This browser keeps nothing for this site">
            Simulations are here until the page is loaded again.
          </ErrorNote>
        )}
        <DropPlace />
        {list.length === 0 ? (
          <Card>
            <Empty icon={FlaskConical} title="No simulation here yet">
              Run <code>fedtune simulate --config run.yaml --out results</code> and drop the folder{" "}
              <code>results</code> here. It stays in this browser: nothing is sent to the server.
            </Empty>
          </Card>
        ) : (
          <Table list={list} />
        )}
      </div>
    </>
  );
}

/** As many as can be told apart in one picture. */
const mostCompared = 8;

function Table({ list }: Pick<ListProps, "list">) {
  const [sort, setSort] = useState<TableSort | null>(null);
  const [, navigate] = useLocation();
  const { mutate: remove } = useRemoveSimulation();
  const nowMs = useNow(60_000);
  return (
    <Card
      title="In this browser"
      subtitle={`${formatCount(list.length)}, nothing is sent to the server`}
      padding="bare"
    >
      <DataTable
        {...{ caption: "Simulations, the latest first", rows: list, sort, onSort: setSort }}
        columns={columnsOf(remove, nowMs)}
        rowKey={({ id }) => id}
        onOpen={({ id }) => {
          navigate(`/simulations/${id}`);
        }}
      />
    </Card>
  );
}

function scores({ rows }: Simulation): readonly (readonly [number, number])[] {
  return rows.flatMap(({ round, evaluation }) => {
    const accuracy = accuracyOf(evaluation);
    return accuracy === null ? [] : [[round, accuracy] as const];
  });
}

const best = (one: Simulation): number | null => {
  const values = scores(one).map(([, value]) => value);
  return values.length === 0 ? null : Math.max(...values);
};
const sent = ({ rows }: Simulation): number | null => runningSums(rows, "bytesUp").at(-1) ?? null;
const rounds = ({ rows }: Simulation): number => rows.at(-1)?.round ?? 0;

type SimulationColumn = Column<Simulation>;

const about: readonly SimulationColumn[] = [
  {
    ...{ id: "name", header: "Name", phone: "title" },
    cell: ({ id, name }) => (
      <Link href={`/simulations/${id}`} className={styles["name"]}>
        {name}
      </Link>
    ),
    sortValue: ({ name }) => name,
  },
  {
    ...{ id: "method", header: "Method" },
    cell: ({ settings }) => settings.method,
    sortValue: ({ settings }) => settings.method,
  },
  {
    ...{ id: "seed", header: "Seed", align: "end" },
    cell: ({ settings }) => settings.seed ?? noValue,
    sortValue: ({ settings }) => settings.seed,
  },
];

const outcome: readonly SimulationColumn[] = [
  {
    ...{ id: "rounds", header: "Rounds", align: "end" },
    cell: (one) => formatCount(rounds(one)),
    sortValue: rounds,
  },
  {
    ...{ id: "best", header: "Best accuracy", align: "end", phone: "fact" },
    cell: (one) => (
      <span className={styles["best"]}>
        <Spark points={scores(one)} width={64} height={20} />
        {orNoValue(best(one), formatPercent)}
      </span>
    ),
    sortValue: best,
  },
  {
    ...{ id: "sent", header: "Sent up", align: "end", phone: "fact" },
    cell: (one) => orNoValue(sent(one), formatBytes),
    sortValue: sent,
  },
];

function columnsOf(remove: (id: string) => void, nowMs: number): readonly SimulationColumn[] {
  return [
    ...about,
    ...outcome,
    {
      ...{ id: "added", header: "Added", align: "end" },
      cell: ({ addedAtMs }) => formatInstant(addedAtMs, { timeZone, nowMs }),
      sortValue: ({ addedAtMs }) => addedAtMs,
    },
    {
      ...{ id: "remove", align: "end", phone: "fact" },
      header: <VisuallyHidden>Forget</VisuallyHidden>,
      cell: ({ id, name }) => (
        <Button
          size="small"
          aria-label={`Forget ${name}`}
          onClick={() => {
            remove(id);
          }}
        >
          Forget
        </Button>
      ),
    },
  ];
}

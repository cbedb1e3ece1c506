import { formatPercent, formatTimer, roundStates } from "@fedtune/figures";
import { useState } from "react";
import { Card } from "../../ui/card.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { StateWord } from "../../ui/pill.tsx";
import type { Column, TableSort } from "../../ui/table-model.ts";
import styles from "./gallery.module.css";

interface Row {
  readonly round: number;
  readonly ms: number;
  readonly accuracy: number | null;
}

const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    round: count - i,
    ms: 216_000 + ((i * 7919) % 150) * 1000,
    accuracy: i === 0 ? null : 0.846 - i * 0.0003,
  }));

const columns: readonly Column<Row>[] = [
  {
    id: "round",
    header: "Round",
    align: "end",
    width: "64px",
    phone: "title",
    sortValue: (row) => row.round,
    cell: (row) => row.round,
  },
  {
    id: "state",
    header: "State",
    phone: "fact",
    cell: (row) => (
      <StateWord look={row.accuracy === null ? roundStates.collecting : roundStates.published} />
    ),
  },
  {
    id: "time",
    header: "Time",
    align: "end",
    phone: "fact",
    sortValue: (row) => row.ms,
    cell: (row) => formatTimer(row.ms),
  },
  {
    id: "accuracy",
    header: "Accuracy",
    align: "end",
    phone: "fact",
    sortValue: (row) => row.accuracy,
    cell: (row) => (row.accuracy === null ? "–" : formatPercent(row.accuracy)),
  },
];

function Sortable({ rows, caption }: { readonly rows: readonly Row[]; readonly caption: string }) {
  const [sort, setSort] = useState<TableSort | null>(null);
  return (
    <DataTable
      {...{ columns, rows, sort, caption }}
      onSort={setSort}
      rowKey={(row) => String(row.round)}
      onOpen={() => undefined}
      height={300}
    />
  );
}

const few = rowsOf(6);
const many = rowsOf(10_000);

/** Tables, short and long. */
export const TablesPart = () => (
  <div className={styles["grid"]}>
    <Card title="Rounds" subtitle="6" padding="bare" className={styles["c6"]}>
      <Sortable rows={few} caption="Rounds" />
    </Card>
    <Card title="Rounds" subtitle="10,000" padding="bare" className={styles["c6"]}>
      <Sortable rows={many} caption="Rounds, all" />
    </Card>
  </div>
);

import { chartTable, formatCount, valueText, type LineChart } from "@fedtune/figures";
import { useMemo, useState } from "react";
import { Button } from "../ui/button.tsx";
import { RichText } from "../ui/rich-text.tsx";
import { DataTable } from "../ui/data-table.tsx";
import type { Column } from "../ui/table-model.ts";
import styles from "./chart-table.module.css";

const pageRows = 25;

/** A chart's values, 25 rows at a time; it opens where the latest ones are. */
export function ChartTable({ chart }: { readonly chart: LineChart }) {
  const table = useMemo(() => chartTable(chart), [chart]);
  const last = Math.max(0, Math.ceil(table.rows / pageRows) - 1);
  const [chosen, setChosen] = useState<number | null>(null);
  const page = Math.min(chosen ?? last, last);
  const start = page * pageRows;
  const rows = Array.from({ length: Math.min(pageRows, table.rows - start) }, (_, i) => start + i);
  const columns = table.columns.map(({ name, kind, values }): Column<number> => ({
    id: name,
    header: name,
    align: "end",
    cell: (row) => <RichText text={valueText(kind, values[row] ?? NaN)} />,
  }));
  const end = start + rows.length;
  return (
    <div className={styles["table"]}>
      <DataTable
        caption={`${chart.title}, values`}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row)}
        empty={<p className={styles["none"]}>No values yet</p>}
      />
      {last > 0 ? (
        <div className={styles["pages"]}>
          <Button size="small" disabled={page === 0} onClick={() => setChosen(page - 1)}>
            Earlier
          </Button>
          <span>
            Rows {formatCount(start + 1)} to {formatCount(end)} of {formatCount(table.rows)}
          </span>
          <Button size="small" disabled={page === last} onClick={() => setChosen(page + 1)}>
            Later
          </Button>
        </div>
      ) : null}
    </div>
  );
}

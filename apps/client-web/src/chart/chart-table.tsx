import { chartTable, formatCount, valueText, type LineChart } from "@fedtune/figures";
import { useMemo, useState } from "react";
import { Button } from "../ui/button.tsx";
import { RichText } from "../ui/rich-text.tsx";
import { DataTable } from "../ui/data-table.tsx";
import type { Column } from "../ui/table-model.ts";
import styles from "./chart-table.module.css";

const pageRows = 25;

/** A chart's values, the latest 25 rows first; earlier ones by pages. */
export function ChartTable({ chart }: { readonly chart: LineChart }) {
  const table = useMemo(() => chartTable(chart), [chart]);
  const most = Math.max(0, Math.ceil(table.rows / pageRows) - 1);
  const [chosen, setChosen] = useState(0);
  // Counted from the end: while values come, the first page holds the latest ones.
  const page = Math.min(chosen, most);
  const end = table.rows - page * pageRows;
  const start = Math.max(0, end - pageRows);
  const rows = Array.from({ length: end - start }, (_, i) => start + i);
  const columns = table.columns.map(({ name, kind, values }): Column<number> => ({
    id: name,
    header: name,
    align: "end",
    cell: (row) => <RichText text={valueText(kind, values[row] ?? NaN)} />,
  }));
  return (
    <div className={styles["table"]}>
      <DataTable
        caption={`${chart.title}, values`}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row)}
        empty={<p className={styles["none"]}>No values yet</p>}
      />
      {most > 0 ? (
        <div className={styles["pages"]}>
          <Button size="small" disabled={page === most} onClick={() => setChosen(page + 1)}>
            Earlier
          </Button>
          <span>
            Rows {formatCount(start + 1)} to {formatCount(end)} of {formatCount(table.rows)}
          </span>
          <Button size="small" disabled={page === 0} onClick={() => setChosen(page - 1)}>
            Later
          </Button>
        </div>
      ) : null}
    </div>
  );
}

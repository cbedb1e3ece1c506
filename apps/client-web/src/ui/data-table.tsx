import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useState, type MouseEvent, type ReactNode } from "react";
import { useMedia } from "./use-media.ts";
import { classes } from "./classes.ts";
import styles from "./data-table.module.css";
import { nextSort, sortRows, windowOf, type Column, type TableSort } from "./table-model.ts";
import { VisuallyHidden } from "./visually-hidden.tsx";

/** A table. */
export interface DataTableProps<Row> {
  /** Heard, not seen; the card's title is what is seen. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Null: as the rows come. */
  readonly sort?: TableSort | null;
  readonly onSort?: (sort: TableSort) => void;
  /** A press anywhere in a row; the row's title holds a link too, for the keyboard. */
  readonly onOpen?: (row: Row) => void;
  readonly isSelected?: (row: Row) => boolean;
  /** New rows have a soft ground for a moment. */
  readonly isFresh?: (row: Row) => boolean;
  /** What stands there without rows. */
  readonly empty?: ReactNode;
  /** Above 100 rows the table scrolls in so many px and draws only what is seen; default 560. */
  readonly height?: number;
  /** 36 on the dashboard, 44 on the join page. */
  readonly rowHeight?: 36 | 44;
}

/** Below this all rows are drawn. */
const mostDrawn = 100;
/** On phones a row of a long table has its title and one line of facts. */
const phoneRow = 64;

/** A native table: sortable heads, numbers at the right, on phones a list of titles with facts. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, sort = null, height = 560, empty } = props;
  const [scrollTop, setScrollTop] = useState(0);
  const isPhone = useMedia("(max-width: 639px)");
  const isList = isPhone && columns.some((column) => column.phone === "title");
  const rowHeight = isList ? phoneRow : (props.rowHeight ?? 36);
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  const isVirtual = sorted.length > mostDrawn;
  const view = isVirtual
    ? windowOf({ scrollTop, height, rowHeight, count: sorted.length })
    : { start: 0, end: sorted.length };
  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    <div
      className={styles["frame"]}
      style={isVirtual ? { maxHeight: height, overflowY: "auto" } : undefined}
      tabIndex={isVirtual ? 0 : undefined}
      role={isVirtual ? "group" : undefined}
      aria-label={isVirtual ? caption : undefined}
      onScroll={isVirtual ? (event) => setScrollTop(event.currentTarget.scrollTop) : undefined}
    >
      {/* The roles stay what they are where a phone's layout takes the table's own display away. */}
      <table
        role="table"
        className={styles["table"]}
        aria-rowcount={isVirtual ? sorted.length + 1 : undefined}
        data-virtual={isVirtual || undefined}
      >
        <VisuallyHidden as="caption">{caption}</VisuallyHidden>
        <Head {...props} sort={sort} />
        <tbody role="rowgroup">
          <Space height={view.start * rowHeight} span={columns.length} />
          {sorted.slice(view.start, view.end).map((row, index) => (
            <BodyRow
              key={props.rowKey(row)}
              table={props}
              row={row}
              position={isVirtual ? view.start + index + 2 : undefined}
              height={isList && !isVirtual ? undefined : rowHeight}
            />
          ))}
          <Space height={(sorted.length - view.end) * rowHeight} span={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

const Space = ({ height, span }: { readonly height: number; readonly span: number }) =>
  height > 0 ? (
    <tr aria-hidden>
      <td colSpan={span} style={{ height, padding: 0, border: 0 }} />
    </tr>
  ) : null;

function Head<Row>({ columns, sort = null, onSort }: DataTableProps<Row>) {
  return (
    <thead role="rowgroup" className={styles["head"]}>
      <tr role="row">
        {columns.map((column) => {
          const isSorted = sort?.column === column.id;
          const order = sort?.isDescending === true ? "descending" : "ascending";
          const Arrow = order === "descending" ? ArrowDown : ArrowUp;
          return (
            <th
              key={column.id}
              scope="col"
              role="columnheader"
              aria-sort={isSorted ? order : undefined}
              className={column.align === "end" ? styles["end"] : undefined}
              style={column.width === undefined ? undefined : { width: column.width }}
            >
              {column.sortValue === undefined || onSort === undefined ? (
                column.header
              ) : (
                <button
                  type="button"
                  className={styles["sort"]}
                  onClick={() => onSort(nextSort(sort, column.id))}
                >
                  {column.header}
                  {isSorted ? <Arrow size={12} strokeWidth={2.4} aria-hidden /> : null}
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface BodyRowProps<Row> {
  readonly table: DataTableProps<Row>;
  readonly row: Row;
  readonly position: number | undefined;
  /** In px; absent: as high as what is in it. */
  readonly height: number | undefined;
}

/** A press on something in the row that acts by itself does not open the row. */
const actsItself = (event: MouseEvent): boolean =>
  event.target instanceof Element &&
  event.target.closest("a, button, input, label, [role]:not(td, tr, th)") !== null;

function BodyRow<Row>({ table, row, position, height }: BodyRowProps<Row>) {
  const { onOpen } = table;
  const isSelected = table.isSelected?.(row);
  return (
    <tr
      role="row"
      aria-rowindex={position}
      aria-selected={isSelected}
      className={classes(
        onOpen !== undefined && styles["opens"],
        table.isFresh?.(row) === true && styles["fresh"],
      )}
      style={{ height }}
      onClick={
        onOpen === undefined ? undefined : (event) => (actsItself(event) ? undefined : onOpen(row))
      }
    >
      {table.columns.map((column) => (
        <td
          key={column.id}
          role="cell"
          data-phone={column.phone}
          className={column.align === "end" ? styles["end"] : undefined}
        >
          {column.phone === "fact" ? <span className={styles["name"]}>{column.header}</span> : null}
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

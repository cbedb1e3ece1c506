import { useLocation } from "wouter";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import type { Column } from "../../ui/table-model.ts";
import { cells } from "./cells.tsx";
import { columnNames, columnTitles, isFigure, nextSorting, sortedRuns } from "./columns.ts";
import type { ColumnName, Sorting } from "./columns.ts";
import type { RunSummary } from "./run-state.ts";
import type { RunsView } from "./view.ts";
import { words } from "./words.ts";

/** What is shown, and what can be done with it. */
export interface RunsTableProps {
  readonly runs: readonly RunSummary[];
  readonly view: RunsView;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
  readonly onSort: (sorting: Sorting) => void;
  readonly onShowAll: () => void;
}

/** The runs: what goes on above what has ended. */
export function RunsTable({ runs, view, chosen, onChoose, onSort, onShowAll }: RunsTableProps) {
  const [, navigate] = useLocation();
  const { by, isDescending } = view.sorting;
  const sorted = sortedRuns(runs, view.sorting);
  const choice = choiceColumn(chosen, onChoose);
  return (
    <Card padding="bare">
      <DataTable
        caption={words.caption(runs.length)}
        columns={[choice, ...columnsOf(view, sorted)]}
        rows={sorted}
        rowKey={({ id }) => id}
        rowHeight={44}
        height={720}
        sort={{ column: by, isDescending }}
        onSort={({ column }) => {
          const name = columnNames.find((one) => one === column);
          if (name !== undefined) onSort(nextSorting(view.sorting, name));
        }}
        onOpen={({ id }) => {
          navigate(`/runs/${id}`);
        }}
        isSelected={({ id }) => chosen.has(id)}
        empty={
          <Empty
            title={words.noMatch}
            action={<Button onClick={onShowAll}>{words.showAll}</Button>}
          >
            {words.noMatchText}
          </Empty>
        }
      />
    </Card>
  );
}

/** On phones a row is its name and three facts. */
const phoneFacts: ReadonlySet<ColumnName> = new Set(["state", "progress", "best"] as const);

function columnsOf(view: RunsView, sorted: readonly RunSummary[]): readonly Column<RunSummary>[] {
  const place = new Map(sorted.map(({ id }, at) => [id, at]));
  // The order is made already, with what goes on above: a column's value is the place in it.
  const sign = view.sorting.isDescending ? -1 : 1;
  return view.columns.map((name) => {
    const Cell = cells[name];
    const phone = name === "name" ? "title" : phoneFacts.has(name) ? "fact" : undefined;
    return {
      id: name,
      header: columnTitles[name],
      cell: (run) => <Cell run={run} />,
      align: isFigure.has(name) ? "end" : "start",
      sortValue: ({ id }) => sign * (place.get(id) ?? 0),
      ...(phone === undefined ? {} : { phone }),
    };
  });
}

function choiceColumn(
  chosen: ReadonlySet<string>,
  onChoose: RunsTableProps["onChoose"],
): Column<RunSummary> {
  return {
    id: "choice",
    header: <VisuallyHidden>{words.choice}</VisuallyHidden>,
    width: "40px",
    cell: ({ id }) => (
      <Checkbox
        label={words.select(id)}
        isLabelHidden
        isChecked={chosen.has(id)}
        onChange={(isChecked) => {
          const others = [...chosen].filter((one) => one !== id);
          onChoose(new Set(isChecked ? [...others, id] : others));
        }}
      />
    ),
  };
}

import { formatCount, noValue } from "@fedtune/figures";
import { useMemo } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { classes } from "../../ui/classes.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import type { Column } from "../../ui/table-model.ts";
import type { CompareParts } from "./compare-page.tsx";
import { LineKey } from "./line-key.tsx";
import { differing, settingRows } from "./model/config-diff.ts";
import type { SettingRow } from "./model/config-diff.ts";
import { configsOf } from "./model/groups.ts";
import styles from "./compare.module.css";

/** The settings that differ, the odd one out bold. */
export function DifferencesCard({ groups, view, change, placeOf }: CompareParts) {
  const all = useMemo(() => settingRows(configsOf(groups)), [groups]);
  const different = useMemo(() => differing(all), [all]);
  const rows = view.isAll ? all : different;
  const columns = useMemo(
    (): readonly Column<SettingRow>[] => [
      { id: "path", header: "Setting", cell: ({ path }) => <code>{path}</code>, phone: "title" },
      ...groups.map((group, at) => ({
        id: group.id,
        header: (
          <>
            <LineKey place={placeOf(group)} />
            <VisuallyHidden>{group.label}</VisuallyHidden>
          </>
        ),
        cell: (row: SettingRow) => <Value row={row} at={at} />,
        phone: "fact" as const,
      })),
    ],
    [groups, placeOf],
  );
  return (
    <Card
      title={view.isAll ? "Settings" : "Settings that differ"}
      subtitle={`${formatCount(different.length)} of ${formatCount(all.length)}`}
      padding="bare"
      className={styles["differences"]}
      actions={
        <Button
          size="small"
          kind="quiet"
          onClick={() => {
            change({ isAll: !view.isAll });
          }}
        >
          {view.isAll ? "Only those that differ" : "Show all"}
        </Button>
      }
    >
      <DataTable
        {...{ caption: "Settings side by side", columns, rows, height: 480 }}
        rowKey={({ path }) => path}
        empty={
          <Empty title="Nothing differs">
            {groups.length < 2
              ? "Add a run to see what differs."
              : "These runs have the same settings."}
          </Empty>
        }
      />
    </Card>
  );
}

function Value({ row: { values, isOdd }, at }: { readonly row: SettingRow; readonly at: number }) {
  const value = values[at] ?? null;
  if (value === null) return <span className={styles["quiet"]}>{noValue}</span>;
  return (
    <span className={classes(styles["value"], isOdd[at] === true && styles["odd"])} title={value}>
      {value}
    </span>
  );
}

import { formatCount, noValue } from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useMemo } from "react";
import { saveFile } from "../../../chart/save-file.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { Copy, Hash } from "../../../ui/copy.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { Select } from "../../../ui/select.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { serverQuery } from "../../api/queries.ts";
import { differing, settingRows } from "../../compare/model/config-diff.ts";
import type { SettingRow } from "../../compare/model/config-diff.ts";
import type { RunTabProps } from "../run-page.tsx";
import { useSearchState } from "../use-search-state.ts";
import styles from "./tabs.module.css";

const noPreset = "none";

/** The resolved config with its hash, and what differs from a preset. */
export function ConfigTab({ reader, run }: RunTabProps) {
  const { data: server } = useQuery(serverQuery(reader.api));
  const [wanted, setWanted] = useSearchState("preset");
  const presets = server?.presets ?? [];
  const preset = presets.find(({ name }) => name === wanted) ?? null;
  const rows = useMemo(() => {
    const all = settingRows(preset === null ? [run.config] : [run.config, preset.config]);
    // A preset names only what it sets; what it leaves open is no difference.
    return preset === null ? all : differing(all).filter(({ values }) => values[1] !== null);
  }, [run.config, preset]);
  const columns = useMemo(() => columnsOf(preset?.title ?? null), [preset]);
  const options = presets.map(({ name, title }) => ({
    ...{ value: name, label: `What differs from ${title}` },
  }));
  return (
    <div className={styles["stack"]}>
      <div className={styles["toolbar"]}>
        <Select
          label="Show"
          value={preset?.name ?? noPreset}
          options={[{ value: noPreset, label: "All settings" }, ...options]}
          onChange={(name) => {
            setWanted(name === noPreset ? null : name);
          }}
          className={styles["choice"]}
        />
        <WholeConfig run={run} />
      </div>
      <Card
        title={preset === null ? "Settings" : "Settings that differ"}
        subtitle={
          <>
            {`${formatCount(rows.length)}, config `}
            <Hash value={run.configHash} label="Hash of the config" />
          </>
        }
        padding="bare"
      >
        <DataTable
          {...{ caption: "Settings of the run", columns, rows, height: 720 }}
          rowKey={({ path }) => path}
          empty={<Empty title="Nothing differs">This run is the preset as it stands.</Empty>}
        />
      </Card>
    </div>
  );
}

/** The config to take along. */
function WholeConfig({ run }: Pick<RunTabProps, "run">) {
  const text = JSON.stringify(run.config, null, 2);
  const save = (): void => {
    saveFile(`${run.id}-config.json`, new Blob([`${text}\n`], { type: "application/json" }));
  };
  return (
    <div className={styles["end"]}>
      <Copy text={text} label="Copy JSON" />
      <Button icon={Download} onClick={save}>
        JSON
      </Button>
    </div>
  );
}

function columnsOf(preset: string | null): readonly Column<SettingRow>[] {
  const value = (at: number) => (row: SettingRow) => (
    <span className={styles["value"]} title={row.values[at] ?? undefined}>
      {row.values[at] ?? noValue}
    </span>
  );
  return [
    { id: "path", header: "Setting", cell: ({ path }) => <code>{path}</code>, phone: "title" },
    { id: "value", header: preset === null ? "Value" : "This run", cell: value(0), phone: "fact" },
    ...(preset === null
      ? []
      : [{ id: "preset", header: preset, cell: value(1), phone: "fact" as const }]),
  ];
}

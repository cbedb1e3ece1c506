import { formatCount } from "@fedtune/figures";
import { Braces, ChevronDown, Sheet } from "lucide-react";
import { useMemo, useState } from "react";
import { Crosshairs } from "../../chart/crosshair-store.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { Column, TableSort } from "../../ui/table-model.ts";
import { settingRows } from "../compare/model/config-diff.ts";
import type { SettingRow } from "../compare/model/config-diff.ts";
import { PageHead } from "../shell/page-head.tsx";
import { saveMetrics } from "../run/actions/save-metrics.ts";
import { mechanismText } from "../run/model/privacy.ts";
import { roundsTable } from "../run/model/rounds-table.ts";
import {
  AccuracyChart,
  LayersChart,
  LossChart,
  PrivacyChart,
  TrafficChart,
} from "../run/overview/charts.tsx";
import { KeyFigures } from "../run/overview/key-figures.tsx";
import { useRoundColumns } from "../run/rounds/use-round-columns.ts";
import type { RunViews } from "../run/use-run-data.ts";
import type { Simulation } from "./model/simulation.ts";
import { viewsOf } from "./model/views.ts";
import { simulationName } from "./use-simulations.ts";
import styles from "./simulations.module.css";

/** A simulated run in the views of a live one. */
export function SimulationView({ simulation }: { readonly simulation: Simulation | null }) {
  if (simulation === null)
    return (
      <>
        <PageHead title="Simulation" />
        <Card>
          <Empty
            title="This browser does not hold that simulation"
            action={<LinkButton href="/simulations">All simulations</LinkButton>}
          >
            Simulations stay in the browser that they were dropped into; ask for the folder and drop
            it here.
          </Empty>
        </Card>
      </>
    );
  return <KnownSimulation simulation={simulation} />;
}

function KnownSimulation({ simulation }: { readonly simulation: Simulation }) {
  const views = useMemo(() => viewsOf(simulation), [simulation]);
  return (
    <Crosshairs>
      <Head simulation={simulation} views={views} />
      <div className={styles["grid"]}>
        <div className={styles["c12"]}>
          <KeyFigures views={views} openMs={null} />
        </div>
        <AccuracyChart views={views} className={styles["c6"]} />
        <LossChart views={views} className={styles["c6"]} />
        <LayersChart views={views} className={styles["c6"]} />
        <TrafficChart views={views} className={styles["c3"]} height={222} />
        <PrivacyChart views={views} className={styles["c3"]} height={222} />
        <Rounds views={views} />
        <Settings simulation={simulation} />
      </div>
    </Crosshairs>
  );
}

interface HeadProps {
  readonly simulation: Simulation;
  readonly views: RunViews;
}

function Head({ simulation, views }: HeadProps) {
  const { settings, id, name } = simulation;
  const { method, kind, rank, model, labels } = settings;
  const save = (what: "csv" | "json") => () => {
    saveMetrics(views, what);
  };
  return (
    <>
      <PageHead title={name} documentTitle={`Simulation \u00b7 ${name}`}>
        <Tag kind="dashed">Simulation</Tag>
        <LinkButton href={`/compare?runs=${encodeURIComponent(simulationName(id))}`}>
          Compare
        </LinkButton>
        <Menu
          trigger={<Button iconEnd={ChevronDown}>Download</Button>}
          items={[
            { label: "Metrics, CSV", icon: Sheet, onSelect: save("csv") },
            { label: "Metrics, JSON", icon: Braces, onSelect: save("json") },
          ]}
        />
      </PageHead>
      <ul className={styles["facts"]}>
        <li>{method}</li>
        <li>{`${kind}, rank ${formatCount(rank)}`}</li>
        <li>{labels.length === 0 ? model : `${model}, ${formatCount(labels.length)} labels`}</li>
        <li>{mechanismText(settings)}</li>
        <li>times are those of a virtual clock</li>
      </ul>
    </>
  );
}

const noLate: ReadonlyMap<number, number> = new Map();
const noDetails = [] as const;

function Rounds({ views }: { readonly views: RunViews }) {
  const [sort, setSort] = useState<TableSort | null>(null);
  const columns = useRoundColumns(views, { details: noDetails, isWhole: true });
  const { roundTimeoutMs } = views.settings;
  const rows = useMemo(
    () => roundsTable({ rows: views.rows, open: null, lateByRound: noLate, roundTimeoutMs }),
    [views.rows, roundTimeoutMs],
  );
  return (
    <Card title="Rounds" padding="bare" className={styles["c12"]}>
      <DataTable
        {...{
          caption: "Rounds, the latest first",
          columns,
          rows,
          sort,
          onSort: setSort,
          height: 560,
        }}
        rowKey={({ round }) => String(round)}
      />
    </Card>
  );
}

const settingColumns: readonly Column<SettingRow>[] = [
  { id: "path", header: "Setting", cell: ({ path }) => <code>{path}</code>, phone: "title" },
  { id: "value", header: "Value", cell: ({ values }) => values[0], phone: "fact" },
];

function Settings({ simulation }: Pick<HeadProps, "simulation">) {
  const rows = useMemo(() => settingRows([simulation.config]), [simulation.config]);
  return (
    <div className={styles["c12"]}>
      <Disclosure title="Settings" meta={formatCount(rows.length)}>
        <DataTable
          {...{ caption: "Settings of the simulation", columns: settingColumns, rows }}
          rowKey={({ path }) => path}
        />
      </Disclosure>
    </div>
  );
}

import {
  formatCount,
  formatDecimal,
  formatDelta,
  formatEpsilon,
  formatEpsilonLeft,
  formatHash,
  formatInstant,
  noValue,
} from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "../../../ui/card.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { ErrorNote } from "../../../ui/error-note.tsx";
import { RichText } from "../../../ui/rich-text.tsx";
import type { Column } from "../../../ui/table-model.ts";
import { LoadError } from "../../shell/load-error.tsx";
import type { Ledger } from "../model/api-types.ts";
import { guaranteeOf } from "../model/guarantee.ts";
import type { Guarantee } from "../model/guarantee.ts";
import type { PrivacyView } from "../model/privacy.ts";
import { PrivacyChart } from "../overview/charts.tsx";
import { useNow } from "../overview/use-now.ts";
import { ledgerQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import styles from "./tabs.module.css";
import { timeZone } from "../time-zone.ts";

/** The exact guarantee, what has been charged, what is to come, what is released beside it. */
export function PrivacyTab({ reader, run, views }: RunTabProps) {
  const { data: ledger, error, refetch } = useQuery(ledgerQuery(reader));
  const guarantee = ledger === undefined ? null : guaranteeOf(ledger.guarantee);
  if (views.privacy === null)
    return (
      <ErrorNote title="There is no numerical promise in this run">
        No noise is added. Data stay on the devices, but updates can reveal parts of them to
        somebody who studies them.
      </ErrorNote>
    );
  return (
    <div className={styles["stack"]}>
      <Over privacy={views.privacy} />
      <div className={styles["columns"]}>
        <PrivacyChart views={views} height={300} />
        <Card title="The exact guarantee">
          {error === null ? null : (
            <LoadError
              title="Could not load the guarantee"
              error={error}
              onRetry={() => void refetch()}
            />
          )}
          {guarantee === null ? null : (
            <GuaranteeFacts guarantee={guarantee} privacy={views.privacy} />
          )}
        </Card>
      </div>
      <LedgerRows ledger={ledger} />
      <Card title="To compute it again">
        <p className={styles["lead"]}>
          Save the config under Files and run{" "}
          <code>fedtune privacy --config {run.id}-config.json</code> on any machine: it needs no
          server.
        </p>
      </Card>
    </div>
  );
}

function Over({ privacy }: { readonly privacy: PrivacyView }) {
  const { exceededAfter, limit, projected, rounds } = privacy;
  if (exceededAfter === null || limit === null) return null;
  return (
    <ErrorNote
      tone="privacy"
      title={`The limit of ${formatEpsilonLeft(limit)} is reached before the last round`}
    >
      {`${formatCount(rounds)} rounds spend \u03b5 ${formatEpsilon(projected)}. Devices take part up to round `}
      {`${formatCount(exceededAfter)}; then each refuses by itself.`}
    </ErrorNote>
  );
}

interface FactsProps {
  readonly guarantee: Guarantee;
  readonly privacy: PrivacyView;
}

function GuaranteeFacts({ guarantee, privacy }: FactsProps) {
  const { accountant, clipNorm, noiseMultiplier, warnings } = guarantee;
  const parameters = Object.entries(accountant.parameters).map(
    ([name, value]) => `${name} ${value}`,
  );
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      "Spent",
      <span key="spent" className={styles["plum"]}>
        {`\u03b5 ${formatEpsilon(privacy.spent)}`}
      </span>,
    ],
    ["When all rounds have run", `\u03b5 ${formatEpsilon(privacy.projected)}`],
    [
      "Limit",
      privacy.limit === null ? "none is set" : `\u03b5 ${formatEpsilonLeft(privacy.limit)}`,
    ],
    ["Delta", <RichText key="delta" text={formatDelta(privacy.delta)} />],
    ["Protects", guarantee.unit === "example" ? "each row of data" : "each client as a whole"],
    ["Neighbours", guarantee.relation.replaceAll("-", " ")],
    ["Sampling", guarantee.sampling],
    ["Noise by", guarantee.noiseBy === "clients" ? "each device itself" : "the server"],
    ["Who has to be trusted", guarantee.trusted],
    ["Noise multiplier", noiseMultiplier === null ? noValue : formatDecimal(noiseMultiplier, 3)],
    ["Clip norm", formatDecimal(clipNorm, 2)],
    ["Accountant", [accountant.name.toUpperCase(), ...parameters].join(", ")],
    ["Arithmetic", guarantee.arithmetic],
    ["Released", guarantee.released.join("; ")],
  ];
  return (
    <>
      <dl className={styles["facts"]}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {warnings.map((warning) => (
        <div key={warning} className={styles["warning"]}>
          <ErrorNote tone="wait" title={warning} />
        </div>
      ))}
    </>
  );
}

type LedgerRow = Ledger["rows"][number];

function LedgerRows({ ledger }: { readonly ledger: Ledger | undefined }) {
  const nowMs = useNow(60_000);
  const columns: readonly Column<LedgerRow>[] = [
    {
      id: "sequence",
      header: "Row",
      align: "end",
      cell: ({ sequence }) => formatCount(sequence),
      phone: "title",
    },
    {
      id: "round",
      header: "Round",
      align: "end",
      cell: ({ round }) => formatCount(round),
      phone: "fact",
    },
    { id: "event", header: "Charged", cell: ({ event }) => <code>{JSON.stringify(event)}</code> },
    { id: "hash", header: "Hash", cell: ({ hash }) => <code>{formatHash(hash)}</code> },
    {
      ...{ id: "at", header: "When", align: "end", phone: "fact" },
      cell: ({ at }) => formatInstant(Date.parse(at), { timeZone, nowMs }),
    },
  ];
  return (
    <Card
      title="Privacy record of the server"
      subtitle={
        ledger === undefined
          ? undefined
          : `${formatCount(ledger.total)} rows, each bound to the one before`
      }
      padding="bare"
    >
      <DataTable
        {...{ caption: "Rows of the privacy record", columns, rows: ledger?.rows ?? [] }}
        rowKey={({ sequence }) => String(sequence)}
        empty={
          <Empty title="The devices keep their own">
            In this run each device charges its own record before it trains; nothing is charged
            here.
          </Empty>
        }
      />
    </Card>
  );
}

import { useInfiniteQuery } from "@tanstack/react-query";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Hash } from "../../ui/copy.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import type { Column } from "../../ui/table-model.ts";
import { formatCount } from "@fedtune/figures";
import { Instant } from "../shell/instant.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { Loading } from "../shell/loading.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { actionText, actorText, dataText } from "./audit-model.ts";
import type { AuditEvent } from "./audit-model.ts";
import { Chain } from "./chain.tsx";
import { words } from "./words.ts";
import styles from "./audit.module.css";

const PAGE = 100;

/** Who did what, and whether the log is whole. */
export function AuditPage() {
  const api = useApi();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    {
      queryKey: keys.audit,
      queryFn: ({ pageParam, signal }) => {
        const query = pageParam === null ? { limit: PAGE } : { limit: PAGE, before: pageParam };
        return api.listAuditEvents({ query, signal });
      },
      initialPageParam: null as number | null,
      getNextPageParam: ({ next }) => next,
    },
  );
  return (
    <>
      <PageHead title={words.title} />
      <p className={styles["about"]}>{words.about}</p>
      <Chain />
      {error === null ? null : (
        <LoadError title={words.failed} error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : null
      ) : (
        <Card padding="bare">
          <DataTable
            caption={words.caption}
            columns={columns}
            rows={data.pages.flatMap(({ items }) => items)}
            rowKey={({ sequence }) => String(sequence)}
            height={720}
            empty={<Empty title={words.none} />}
          />
        </Card>
      )}
      {hasNextPage ? (
        <p className={styles["more"]}>
          <Button isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {words.older}
          </Button>
        </p>
      ) : null}
    </>
  );
}

const columns: readonly Column<AuditEvent>[] = [
  {
    ...{ id: "sequence", header: words.columns.sequence, align: "end", width: "72px" },
    cell: ({ sequence }) => formatCount(sequence),
  },
  {
    ...{ id: "at", header: words.columns.at, width: "160px", phone: "fact" },
    cell: ({ at }) => <Instant at={at} />,
  },
  {
    ...{ id: "actor", header: words.columns.actor, phone: "fact" },
    cell: ({ actor }) => actorText(actor),
  },
  {
    ...{ id: "action", header: words.columns.action, phone: "title" },
    cell: ({ action, hash, sequence }) => (
      <span className={styles["action"]}>
        {actionText(action)} <Hash value={hash} label={`Hash of entry ${formatCount(sequence)}`} />
      </span>
    ),
  },
  {
    ...{ id: "subject", header: words.columns.subject, phone: "fact" },
    cell: ({ subject }) => subject,
  },
  {
    ...{ id: "data", header: words.columns.data },
    cell: ({ data }) => {
      const text = dataText(data);
      return (
        <code className={styles["data"]} title={text}>
          {text}
        </code>
      );
    },
  },
];

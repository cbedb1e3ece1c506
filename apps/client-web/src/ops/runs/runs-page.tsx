import { useQuery } from "@tanstack/react-query";
import { Network, Plus } from "lucide-react";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { runsQuery } from "../api/queries.ts";
import { allows, useMe } from "../api/session.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Empty } from "../../ui/empty.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { Loading } from "../shell/loading.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { useSettled } from "../shell/use-settled.ts";
import { runStateOf } from "./run-state.ts";
import { RunsTable } from "./runs-table.tsx";
import { RunsToolbar } from "./runs-toolbar.tsx";
import { useRunsView } from "./use-view.ts";
import { words } from "./words.ts";
import styles from "./runs-page.module.css";

/** Runs of the first answer, and of each further one. */
const PAGE = 200;
/** A search waits until its text has stood still for so long. */
const SEARCH_MS = 200;

/** What is running, whether anything is in trouble, how the last ones ended. */
export function RunsPage() {
  const api = useApi();
  const me = useMe();
  const [view, change] = useRunsView();
  const [limit, setLimit] = useState(PAGE);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const text = useSettled(view.text, SEARCH_MS);
  const { data, error, refetch } = useQuery(runsQuery(api, { text, limit }));
  const runs = data?.items.filter(
    (run) => view.state === null || runStateOf(run).name === view.state,
  );
  const isFirstTime = data?.total === 0 && text === "" && view.state === null;
  return (
    <>
      <PageHead title={words.title}>
        {allows(me, "runs:write") && !isFirstTime ? (
          <LinkButton href="/runs/new" kind="solid" icon={Plus}>
            {words.newRun}
          </LinkButton>
        ) : null}
      </PageHead>
      {error === null ? null : (
        <LoadError title={words.failed} error={error} onRetry={() => void refetch()} />
      )}
      {runs === undefined && error === null ? <Loading /> : null}
      {isFirstTime ? <FirstRun canCreate={allows(me, "runs:write")} /> : null}
      {runs === undefined || isFirstTime ? null : (
        <>
          <RunsToolbar view={view} onChange={change} chosen={[...chosen]} />
          <RunsTable
            {...{ runs, view, chosen, onChoose: setChosen }}
            onSort={(sorting) => {
              change({ sorting });
            }}
            onShowAll={() => {
              change({ text: "", state: null });
            }}
          />
        </>
      )}
      {data !== undefined && data.next !== null ? (
        <p className={styles["more"]}>
          <span>{words.shown(data.items.length, data.total)}</span>
          <Button
            onClick={() => {
              setLimit(limit + PAGE);
            }}
          >
            {words.older}
          </Button>
        </p>
      ) : null}
    </>
  );
}

function FirstRun({ canCreate }: { readonly canCreate: boolean }) {
  const action = canCreate ? (
    <LinkButton href="/runs/new" kind="solid" icon={Plus}>
      {words.noneAction}
    </LinkButton>
  ) : null;
  return (
    <div className={styles["first"]}>
      <Empty icon={Network} title={words.noneTitle} action={action}>
        {words.noneText}
      </Empty>
    </div>
  );
}

import { Inbox } from "lucide-react";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { StatePill } from "../../ui/pill.tsx";
import { RichText } from "../../ui/rich-text.tsx";
import { start, useActions, useScene, useSnapshot } from "../frame/participant-context.tsx";
import { usePendingRuns } from "../frame/pending-run.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { minePageView } from "../model/mine.ts";
import type { MembershipView, MinePageView } from "../model/mine.ts";
import { pathOf } from "../model/road.ts";
import { DeleteEverything } from "../parts/delete-everything.tsx";
import { Facts } from "../parts/facts.tsx";
import { ListCard } from "../parts/list-card.tsx";
import { FailureNote } from "../parts/failure-note.tsx";
import { mineWords } from "../words/done.ts";
import styles from "./mine-page.module.css";

/** Everything that this browser keeps. */
export function MinePage() {
  const { keepings } = useSnapshot();
  const actions = useActions();
  const scene = useScene();
  useEffect(() => {
    start(actions.readKeepings());
  }, [actions]);
  const view = keepings === null ? null : minePageView(keepings, scene);
  return (
    <Page state={mineWords.state} run={null} step={null}>
      <PageTitle>{mineWords.title}</PageTitle>
      <Lead>{mineWords.lead}</Lead>
      <FailureNote />
      {view === null ? (
        <p className={styles["loading"]}>{mineWords.loading}</p>
      ) : (
        <Kept view={view} />
      )}
    </Page>
  );
}

function Kept({ view }: { readonly view: MinePageView }) {
  if (view.isEmpty)
    return (
      <div className={styles["cards"]}>
        <Card size="large">
          <Empty
            icon={Inbox}
            title={mineWords.empty}
            action={<LinkButton href="/join">{mineWords.emptyDo}</LinkButton>}
          >
            {mineWords.emptyText}
          </Empty>
        </Card>
      </div>
    );
  return (
    <div className={styles["cards"]}>
      {view.runs.length === 0 ? null : (
        <ListCard title={mineWords.runs}>
          <ul>
            {view.runs.map((run) => (
              <Run key={run.key} run={run} />
            ))}
          </ul>
        </ListCard>
      )}
      <Records view={view} />
      <Card title={mineWords.kept} size="large">
        <Facts layout="rows" facts={view.kept.map(({ term, value }) => ({ term, value }))} />
      </Card>
      <Card title={mineWords.delete} size="large">
        <p className={styles["text"]}>{mineWords.deleteText}</p>
        <DeleteEverything />
      </Card>
    </div>
  );
}

function Run({ run }: { readonly run: MembershipView }) {
  const pending = usePendingRuns();
  const [, navigate] = useLocation();
  const open = () => {
    const { which } = run;
    pending.put({ run: which.run, open: (actions) => actions.openMembership(which) });
    navigate(pathOf(which.run, "explain"));
  };
  return (
    <li className={styles["run"]}>
      <div>
        <h3>{run.title}</h3>
        <p>{run.by}</p>
        <ul className={styles["facts"]}>
          {run.facts.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
      </div>
      <div className={styles["end"]}>
        <StatePill look={run.state} />
        <Button size="small" onClick={open} aria-label={`${mineWords.open}: ${run.title}`}>
          {mineWords.open}
        </Button>
      </div>
    </li>
  );
}

const Records = ({ view }: { readonly view: MinePageView }) => (
  <ListCard title={mineWords.records}>
    <p className={styles["lead"]}>
      {view.records.length === 0 ? mineWords.recordsEmpty : mineWords.recordsText}
    </p>
    {view.records.length === 0 ? null : (
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">{mineWords.recordFile}</th>
            <th scope="col">{mineWords.recordUsed}</th>
            <th scope="col" className={styles["number"]}>
              {mineWords.recordRuns}
            </th>
          </tr>
        </thead>
        <tbody>
          {view.records.map(({ key, file, used, runs }) => (
            <tr key={key}>
              <th scope="row">{file}</th>
              <td className={styles["used"]}>
                <RichText text={used} />
              </td>
              <td className={styles["number"]}>{runs}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </ListCard>
);

import { formatCount } from "@fedtune/figures";
import { Link2 } from "lucide-react";
import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useCopy } from "../../ui/copy.tsx";
import { Empty } from "../../ui/empty.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { Loading } from "../shell/loading.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { AddRun } from "./add-run.tsx";
import { Chips } from "./chips.tsx";
import { CompareDownloads } from "./compare-downloads.tsx";
import { CostPanel } from "./cost-panel.tsx";
import { CurvesCard, ViewChoices } from "./curves-card.tsx";
import { DifferencesCard } from "./differences-card.tsx";
import { differing, settingRows } from "./model/config-diff.ts";
import { configsOf, groupsOf } from "./model/groups.ts";
import type { RunGroup } from "./model/groups.ts";
import { searchOf, viewOf } from "./model/view.ts";
import type { CompareView } from "./model/view.ts";
import { ResultsCard } from "./results-card.tsx";
import { useColours } from "./use-colours.ts";
import { useCompared } from "./use-compared.ts";
import { words } from "./words.ts";
import styles from "./compare.module.css";

/** What every part of the page gets. */
export interface CompareParts {
  readonly groups: readonly RunGroup[];
  readonly view: CompareView;
  readonly change: (changes: Partial<CompareView>) => void;
  /** Place of a group in the palette. */
  readonly placeOf: (group: RunGroup) => number;
}

/** Which is better, by how much, is the difference real, what differed. */
export function ComparePage() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const view = useMemo(() => viewOf(search), [search]);
  const { runs, failed, isLoading } = useCompared(view.runs);
  const groups = useMemo(() => groupsOf(runs), [runs]);
  const placeOf = useColours(groups);
  const change = (changes: Partial<CompareView>): void => {
    navigate(`/compare${searchOf({ ...view, ...changes })}`, { replace: true });
  };
  const parts: CompareParts = { groups, view, change, placeOf };
  return (
    <>
      <PageHead title={words.title(groups.length)}>
        {groups.length === 0 ? null : <CopyLink />}
        {groups.length === 0 ? null : <CompareDownloads {...parts} />}
      </PageHead>
      <div className={styles["chips"]}>
        <Chips {...parts} />
        <AddRun {...parts} />
        <Sameness groups={groups} />
      </div>
      {failed.map(({ id, error }) => (
        <LoadError key={id} title={`Could not load ${id}`} error={error} />
      ))}
      {isLoading ? <Loading /> : null}
      {groups.length === 0 && !isLoading ? (
        <Card>
          <Empty title={words.nothing.title}>{words.nothing.text}</Empty>
        </Card>
      ) : (
        <Body {...parts} />
      )}
    </>
  );
}

function Body(parts: CompareParts) {
  if (parts.groups.length === 0) return null;
  return (
    <div className={styles["grid"]}>
      <ViewChoices {...parts} />
      <CurvesCard {...parts} />
      <CostPanel {...parts} />
      <ResultsCard {...parts} />
      <DifferencesCard {...parts} />
    </div>
  );
}

function CopyLink() {
  const copy = useCopy();
  return (
    <Button
      icon={Link2}
      onClick={() => {
        copy(location.href);
      }}
    >
      Copy link
    </Button>
  );
}

/** In how much the runs are alike, in a sentence. */
function Sameness({ groups }: Pick<CompareParts, "groups">) {
  const count = useMemo(() => {
    return differing(settingRows(configsOf(groups))).length;
  }, [groups]);
  if (groups.length < 2) return null;
  const text = count === 1 ? "1 setting differs" : `${formatCount(count)} settings differ`;
  return <span className={styles["sameness"]}>{`${text}, listed below`}</span>;
}

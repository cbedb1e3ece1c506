import { formatCount } from "@fedtune/figures";
import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { Empty } from "../../../ui/empty.tsx";
import { Segmented } from "../../../ui/segmented.tsx";
import { Loading } from "../../shell/loading.tsx";
import type { RoundDetails } from "../model/api-types.ts";
import { eventKinds, eventLog, eventsOf } from "../model/event-log.ts";
import type { EventKind } from "../model/event-log.ts";
import { roundQuery } from "../queries.ts";
import type { RunTabProps } from "../run-page.tsx";
import { useNames } from "../use-run-data.ts";
import { useSearchState } from "../use-search-state.ts";
import { VirtualEvents } from "./virtual-events.tsx";
import styles from "./events.module.css";
import { timeZone } from "../time-zone.ts";

/** Rounds whose events are read at a time. */
const PAGE = 20;

const filters = [
  { value: "all", label: "All" },
  { value: "round", label: "Rounds" },
  { value: "update", label: "Updates" },
  { value: "trouble", label: "Trouble" },
] as const;

/** The log of a run, the latest first. */
export function EventsTab(props: RunTabProps) {
  const { run } = props;
  const [wanted, setWanted] = useSearchState("show");
  const [pages, setPages] = useState(1);
  const kind: EventKind | null = eventKinds.find((one) => one === wanted) ?? null;
  const last = Math.max(run.state.round, run.committedRounds);
  const first = Math.max(last - pages * PAGE + 1, 1);
  const isHidden = run.presence === "hidden";
  const { entries, isWhole } = useEntries(props, { first, last, kind });
  return (
    <>
      <div className={styles["toolbar"]}>
        <Segmented
          label="Which events"
          value={kind ?? "all"}
          options={filters}
          onChange={(next) => {
            setWanted(next === "all" ? null : next);
          }}
        />
        <span className={styles["zone"]}>{`Times in ${timeZone.replaceAll("_", " ")}`}</span>
      </div>
      <Card
        title="Events"
        subtitle={isHidden ? undefined : `of rounds ${formatCount(first)} to ${formatCount(last)}`}
        padding="bare"
      >
        {isWhole ? null : <Loading />}
        {entries.length === 0 && isWhole ? (
          <Nothing isHidden={isHidden} />
        ) : (
          <VirtualEvents entries={entries} timeZone={timeZone} />
        )}
        {first === 1 || isHidden ? null : (
          <div className={styles["more"]}>
            <Button
              onClick={() => {
                setPages(pages + 1);
              }}
            >
              Earlier rounds
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

interface Wanted {
  readonly first: number;
  readonly last: number;
  /** Null: all. */
  readonly kind: EventKind | null;
}

/** The lines of some rounds as far as they are read. */
function useEntries({ reader, run, views }: RunTabProps, { first, last, kind }: Wanted) {
  const nameOf = useNames(reader);
  const count = run.presence === "hidden" ? 0 : last - first + 1;
  const details = useQueries({
    queries: Array.from({ length: count }, (_, at) => roundQuery(reader, first + at)),
    combine: loaded,
  });
  const { quorum, maxNorm } = views.settings;
  const entries = useMemo(
    () => eventsOf(eventLog(details, { nameOf, quorum, maxNorm }), kind),
    [details, nameOf, quorum, maxNorm, kind],
  );
  return { entries, isWhole: details.length === count };
}

function loaded(
  results: readonly { readonly data: RoundDetails | undefined }[],
): readonly RoundDetails[] {
  return results.flatMap(({ data }) => data ?? []);
}

const Nothing = ({ isHidden }: { readonly isHidden: boolean }) => (
  <Empty title={isHidden ? "Hidden" : "Nothing of this kind"}>
    {isHidden
      ? "What single clients did is not told in this run: its privacy noise counts on that."
      : "It stands here as it happens."}
  </Empty>
);

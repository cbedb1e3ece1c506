import { useMemo } from "react";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { isFedtuneError } from "@fedtune/core";
import { useRunFeed } from "../feed/index.ts";
import { LoadError } from "../shell/load-error.tsx";
import { Loading } from "../shell/loading.tsx";
import { NotFound } from "../shell/not-found.tsx";
import { useShortcuts } from "../shell/shortcuts.tsx";
import { RunActions } from "./actions/run-actions.tsx";
import { useSteering } from "./actions/use-steering.ts";
import { ConfigTab } from "./tabs/config-tab.tsx";
import { EventsTab } from "./events/events-tab.tsx";
import { FilesTab } from "./tabs/files-tab.tsx";
import { LayersTab } from "./tabs/layers-tab.tsx";
import { Overview } from "./overview/overview.tsx";
import { ParticipantsTab } from "./participants/participants-tab.tsx";
import { PrivacyTab } from "./tabs/privacy-tab.tsx";
import { RoundsTab } from "./rounds/rounds-tab.tsx";
import type { Run } from "./model/api-types.ts";
import { windowTitle } from "./model/header.ts";
import { RunHead } from "./run-head.tsx";
import type { RunReader } from "./queries.ts";
import { tabHref, tabLinks, tabOf } from "./run-tabs.ts";
import type { RunTab } from "./run-tabs.ts";
import { useReader, useRun, useRunViews } from "./use-run-data.ts";
import type { RunViews } from "./use-run-data.ts";
import { useRoundAnnouncements, useWindowTitle } from "./use-announcements.ts";

/** Which run, and which of its views. */
export interface RunPageProps {
  readonly run: string;
  /** `rounds`, `participants`, ...; absent: the overview. */
  readonly tab?: string | undefined;
  /** A round's number, or a client's name. */
  readonly sub?: string | undefined;
}

/** A run: is it healthy, is it learning, what does it cost, what does it leak, who is in trouble. */
export function RunPage({ run: id, tab: wanted, sub }: RunPageProps) {
  const reader = useReader(id);
  const { run, error, toldAtMs, refetch } = useRun(reader);
  const tab = tabOf(wanted);
  useRunFeed(id);
  if (tab === null || isFedtuneError(error, "run-unknown")) return <NotFound />;
  if (run === undefined)
    return error === null ? (
      <Loading />
    ) : (
      <LoadError title={`Could not load ${id}`} error={error} onRetry={() => void refetch()} />
    );
  return <KnownRun {...{ reader, run, toldAtMs, tab, sub }} />;
}

/** What every view of a run gets. */
export interface RunTabProps {
  readonly reader: RunReader;
  readonly run: Run;
  readonly views: RunViews;
  /** When the run's state was told, ms since 1970. */
  readonly toldAtMs: number;
  readonly sub: string | undefined;
}

interface KnownRunProps extends Omit<RunTabProps, "views"> {
  readonly tab: RunTab;
}

function KnownRun({ reader, run, toldAtMs, tab, sub }: KnownRunProps) {
  const { views, error } = useRunViews(reader, run);
  const steering = useSteering(run.id);
  useWindowTitle(windowTitle(run));
  useRoundAnnouncements(run);
  useTabKeys(run);
  const View = tabViews[tab];
  return (
    <>
      <RunHead
        {...{
          run,
          settings: views.settings,
          privacy: views.privacy,
          tabs: tabLinks(run, views.rows),
        }}
        current={tabHref(run.id, tab)}
        actions={
          <RunActions {...{ run, views, isBusy: steering.isPending, onDeed: steering.mutate }} />
        }
      />
      {steering.error === null ? null : (
        <LoadError title="That did not work" error={steering.error} isUrgent />
      )}
      {error === null ? null : <LoadError title="Could not load the rounds" error={error} />}
      <Failure run={run} />
      <View {...{ reader, run, views, toldAtMs, sub }} />
    </>
  );
}

const tabViews: Readonly<Record<RunTab, (props: RunTabProps) => ReactNode>> = {
  ...{ overview: Overview, rounds: RoundsTab, participants: ParticipantsTab, privacy: PrivacyTab },
  ...{ layers: LayersTab, events: EventsTab, config: ConfigTab, files: FilesTab },
};

function Failure({ run: { state } }: Pick<RunTabProps, "run">) {
  if (state.failure === null) return null;
  return <LoadError title="This run has failed" error={state.failure} />;
}

/** `o` the overview, `[` and `]` the rounds before and after. */
function useTabKeys({ id }: Pick<Run, "id">): void {
  const [, navigate] = useLocation();
  const shortcuts = useMemo(
    () => [
      {
        keys: "g o",
        title: "Go to this run's overview",
        run: () => {
          navigate(tabHref(id, "overview"));
        },
      },
    ],
    [id, navigate],
  );
  useShortcuts(shortcuts);
}

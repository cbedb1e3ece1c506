import { Suspense, useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import type { Participant, Stage } from "../participant/index.ts";
import { LinkButton } from "../ui/button.tsx";
import { Root } from "../ui/root.tsx";
import { ExplainPage } from "./explain/explain-page.tsx";
import {
  ParticipantProvider,
  start,
  useActions,
  useSnapshot,
} from "./frame/participant-context.tsx";
import { TagProvider } from "./frame/tag-context.tsx";
import { ArrivalProvider } from "./frame/arrival.tsx";
import { lazyPage } from "./frame/lazy-page.tsx";
import { PendingRunProvider, usePendingRuns } from "./frame/pending-run.tsx";
import { followingPage, pageAt, pageOf, pathOf, runOf, shownPage } from "./model/road.ts";
import type { PageName } from "./model/road.ts";
import { StagePage } from "./status/stage-page.tsx";
import { StatusPage } from "./status/status-page.tsx";
import { commonWords } from "./words/common.ts";

// The letter comes at once; every other page when it is gone to, or while the letter is read.
const enter = lazyPage(async () => (await import("./enter/enter-page.tsx")).EnterPage);
const file = lazyPage(async () => (await import("./file/file-page.tsx")).FilePage);
const device = lazyPage(async () => (await import("./device/device-page.tsx")).DevicePage);
const train = lazyPage(async () => (await import("./train/train-page.tsx")).TrainPage);
const done = lazyPage(async () => (await import("./done/done-page.tsx")).DonePage);
const mine = lazyPage(async () => (await import("./mine/mine-page.tsx")).MinePage);

/** The data holder's pages. */
export interface JoinAppProps {
  readonly participant: Participant;
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of the invitation that the page was opened with, its secret included; null: none. */
  readonly link: string | null;
  /** Said on every page: that what is shown is not the real thing. */
  readonly tag?: string | undefined;
}

/** All pages by their addresses. */
export const JoinApp = ({ tag, link, ...world }: JoinAppProps) => (
  <Root>
    <ParticipantProvider {...world}>
      <TagProvider tag={tag}>
        <PendingRunProvider link={link}>
          <ArrivalProvider>
            <Pages />
          </ArrivalProvider>
        </PendingRunProvider>
      </TagProvider>
    </ParticipantProvider>
  </Root>
);

function Pages() {
  const { stage } = useSnapshot();
  useFollow(stage);
  usePrefetch("invitation" in stage);
  // Without these nothing else on any page would work.
  if (stage.kind === "opening" || stage.kind === "unsupported" || stage.kind === "no-storage")
    return <StagePage stage={stage} />;
  return (
    <Suspense fallback={<Passing />}>
      <Switch>
        <Route path="/join" component={enter.Page} />
        <Route path="/join/mine" component={mine.Page} />
        <Route path="/join/:run/:step?">
          {({ run, step }) => <RunPage stage={stage} run={run} step={step} />}
        </Route>
        <Route>
          <UnknownPage />
        </Route>
      </Switch>
    </Suspense>
  );
}

/** Goes on with the road: the step reached when the page is opened, the next one when a stage follows another. */
function useFollow(stage: Stage): void {
  const [path, navigate] = useLocation();
  const before = useRef<Stage["kind"] | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = stage.kind;
    if (last === null || last === stage.kind) return;
    const run = runOf(stage);
    if (run === null || !path.startsWith(pathOf(run, "explain"))) return;
    const isFirst = pageOf(last) === null;
    const page = isFirst ? pageOf(stage.kind) : followingPage(last, stage.kind);
    if (page !== null) navigate(pathOf(run, page), { replace: isFirst });
  }, [stage, path, navigate]);
}

/** The rest of the road is fetched while its first page is read. */
function usePrefetch(isOnRoad: boolean): void {
  useEffect(() => {
    if (!isOnRoad) return;
    const timer = setTimeout(() => {
      for (const { prefetch } of [file, device, train, done]) prefetch();
    }, 300);
    return () => clearTimeout(timer);
  }, [isOnRoad]);
}

interface RunPageProps {
  readonly stage: Stage;
  readonly run: string;
  readonly step: string | undefined;
}

function RunPage({ stage, run, step }: RunPageProps) {
  const actions = useActions();
  const pending = usePendingRuns();
  const wanted = pageAt(step);
  const isOther = runOf(stage) !== run;
  useEffect(() => {
    const waiting = pending.take(run);
    if (waiting !== null) start(waiting.open(actions));
    // Back was pressed, or the page of a run was opened that this browser may know.
    else if (isOther)
      start(actions.openLink(new URL(pathOf(run, "explain"), location.origin).href));
  }, [actions, pending, run, isOther]);
  if (wanted === null) return <UnknownPage />;
  if (isOther) return <StagePage stage={{ kind: "opening" }} />;
  if (!("invitation" in stage)) return <StagePage stage={stage} />;
  const page = shownPage(stage, wanted);
  if (page === null) return <UnknownPage />;
  if (page !== wanted) return <Redirect to={pathOf(run, page)} replace />;
  return <StepPage page={page} stage={stage} />;
}

type RoadStage = Extract<Stage, { invitation: unknown }>;

/** A step of the road; the stage decides what the last two show. */
function StepPage({ page, stage }: { readonly page: PageName; readonly stage: RoadStage }) {
  switch (page) {
    case "explain":
      return <ExplainPage stage={stage} />;
    case "file":
      return <file.Page stage={stage} />;
    case "device":
      return <device.Page stage={stage} />;
    case "train":
    case "done":
      break;
  }
  switch (stage.kind) {
    case "starting":
    case "training":
    case "paused":
    case "elsewhere":
    case "failed":
      return <train.Page stage={stage} />;
    case "left":
    case "finished":
    case "refused":
      return <done.Page stage={stage} />;
    default:
      return <UnknownPage />;
  }
}

/** While the code of a page comes. */
const Passing = () => (
  <div data-passing>
    <StagePage stage={{ kind: "opening" }} />
  </div>
);

const UnknownPage = () => (
  <StatusPage
    state={commonWords.unknownPage}
    title={commonWords.unknownPage}
    text={commonWords.unknownPageText}
    button={<LinkButton href="/join">{commonWords.toStart}</LinkButton>}
  />
);

import { useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import type { Participant, Stage } from "../participant/index.ts";
import { LinkButton } from "../ui/button.tsx";
import { Root } from "../ui/root.tsx";
import { DevicePage } from "./device/device-page.tsx";
import { DonePage } from "./done/done-page.tsx";
import { EnterPage } from "./enter/enter-page.tsx";
import { ExplainPage } from "./explain/explain-page.tsx";
import { FilePage } from "./file/file-page.tsx";
import {
  ParticipantProvider,
  start,
  useActions,
  useSnapshot,
} from "./frame/participant-context.tsx";
import { TagProvider } from "./frame/tag-context.tsx";
import { MinePage } from "./mine/mine-page.tsx";
import { followingPage, pageAt, pageOf, pathOf, runOf, shownPage } from "./model/road.ts";
import type { PageName } from "./model/road.ts";
import { StagePage } from "./status/stage-page.tsx";
import { StatusPage } from "./status/status-page.tsx";
import { TrainPage } from "./train/train-page.tsx";
import { commonWords } from "./words/common.ts";

/** The data holder's pages. */
export interface JoinAppProps {
  readonly participant: Participant;
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Said on every page: that what is shown is not the real thing. */
  readonly tag?: string | undefined;
}

/** All pages by their addresses. */
export const JoinApp = ({ tag, ...world }: JoinAppProps) => (
  <Root>
    <ParticipantProvider {...world}>
      <TagProvider tag={tag}>
        <Pages />
      </TagProvider>
    </ParticipantProvider>
  </Root>
);

function Pages() {
  const { stage } = useSnapshot();
  useFollow(stage);
  // Without these nothing else on any page would work.
  if (stage.kind === "opening" || stage.kind === "unsupported" || stage.kind === "no-storage")
    return <StagePage stage={stage} />;
  return (
    <Switch>
      <Route path="/join" component={EnterPage} />
      <Route path="/join/mine" component={MinePage} />
      <Route path="/join/:run/:step?">
        {({ run, step }) => <RunPage stage={stage} run={run} step={step} />}
      </Route>
      <Route>
        <UnknownPage />
      </Route>
    </Switch>
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

interface RunPageProps {
  readonly stage: Stage;
  readonly run: string;
  readonly step: string | undefined;
}

function RunPage({ stage, run, step }: RunPageProps) {
  const actions = useActions();
  const wanted = pageAt(step);
  const isOther = runOf(stage) !== run;
  useEffect(() => {
    // The address names another run than the one at hand: Back was pressed, or a link of this page followed.
    if (isOther) start(actions.openLink(new URL(pathOf(run, "explain"), location.origin).href));
  }, [actions, run, isOther]);
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
      return <FilePage stage={stage} />;
    case "device":
      return <DevicePage stage={stage} />;
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
      return <TrainPage stage={stage} />;
    case "left":
    case "finished":
    case "refused":
      return <DonePage stage={stage} />;
    default:
      return <UnknownPage />;
  }
}

const UnknownPage = () => (
  <StatusPage
    state={commonWords.unknownPage}
    title={commonWords.unknownPage}
    text={commonWords.unknownPageText}
    button={<LinkButton href="/join">{commonWords.toStart}</LinkButton>}
  />
);

import { useLocation } from "wouter";
import type { Road, Stage } from "../../participant/index.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { start, useActions, useScene, useSnapshot } from "../frame/participant-context.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { explainView } from "../model/explain.ts";
import { pageOf, pathOf } from "../model/road.ts";
import { FailureNote } from "../parts/failure-note.tsx";
import { Section } from "../parts/section.tsx";
import { borderWords, explainWords } from "../words/explain.ts";
import { Border } from "./border.tsx";
import { Budget } from "./budget.tsx";
import { Folds } from "./folds.tsx";
import { Odds } from "./odds.tsx";
import { Who } from "./who.tsx";
import styles from "./explain-page.module.css";

/** Step 1. */
export interface ExplainPageProps {
  readonly stage: Stage & Road;
}

/** What this is, what leaves, what is promised, what it costs. */
export function ExplainPage({ stage }: ExplainPageProps) {
  const { settings } = useSnapshot();
  const actions = useActions();
  const scene = useScene();
  const view = explainView(stage, settings, scene);
  const isNew = stage.kind === "invited";
  const canChange = isNew || ["file", "device", "ready"].includes(stage.kind);
  return (
    <Page
      state={explainWords.state}
      run={stage.invitation.run}
      step={0}
      aside={
        <Who
          who={view.who}
          buttons={<Buttons stage={stage} />}
          foot={isNew ? explainWords.nothingYet : null}
        />
      }
      dock={<Buttons stage={stage} isShort />}
    >
      <PageTitle>{view.title}</PageTitle>
      <Lead>{view.lead}</Lead>
      {view.description === null ? null : (
        <blockquote className={styles["description"]}>
          <p>{view.description.intro}</p>
          <p>{view.description.text}</p>
        </blockquote>
      )}
      <FailureNote />
      {isNew ? <p className={styles["phone"]}>{view.phoneFacts}</p> : null}
      <Section title={borderWords.title}>
        <Border border={view.border} />
      </Section>
      <Odds promise={view.promise} />
      {view.budget === null ? null : (
        <Budget
          budget={view.budget}
          onLimit={canChange ? (epsilon) => start(actions.setBudget(epsilon)) : null}
        />
      )}
      <Folds folds={view.folds} />
    </Page>
  );
}

/** Decline and accept; once accepted, the way on. */
function Buttons({ stage, isShort = false }: ExplainPageProps & { readonly isShort?: boolean }) {
  const actions = useActions();
  const [, navigate] = useLocation();
  const page = pageOf(stage.kind);
  if (stage.kind !== "invited")
    return (
      <LinkButton
        kind="solid"
        size="big"
        isWide={!isShort}
        href={pathOf(stage.invitation.run, page ?? "file")}
      >
        {explainWords.goOn}
      </LinkButton>
    );
  const accept = (
    <Button
      key="accept"
      kind="solid"
      size="big"
      isWide={!isShort}
      onClick={() => start(actions.accept())}
    >
      {explainWords.choose}
    </Button>
  );
  const decline = (
    <Button
      key="decline"
      kind={isShort ? "outline" : "quiet"}
      isWide={!isShort}
      onClick={() => {
        navigate("/join", { state: { declined: true } });
        start(actions.decline());
      }}
    >
      {isShort ? explainWords.declineShort : explainWords.decline}
    </Button>
  );
  return isShort ? [decline, accept] : [accept, decline];
}

import { Cpu, Hourglass, Lock, Moon, Pause, ShieldCheck, CircleStop, Upload } from "lucide-react";
import { Card } from "../../ui/card.tsx";
import { Pill } from "../../ui/pill.tsx";
import { useScene, useSnapshot } from "../frame/participant-context.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { trainPageView } from "../model/train.ts";
import type { TrainPageView, TrainStage } from "../model/train.ts";
import { Figures, KeyFigure } from "../parts/figures.tsx";
import { deviceCardId, MessageButton } from "../parts/message-button.tsx";
import { MessageNote } from "../parts/message-note.tsx";
import { trainWords } from "../words/train.ts";
import { Controls } from "./controls.tsx";
import { DeviceCard } from "./device-card.tsx";
import { OwnCurve } from "./own-curve.tsx";
import { Phases } from "./phases.tsx";
import { Ribbon } from "./ribbon.tsx";
import { SentLog } from "./sent-log.tsx";
import { useSayings } from "./use-sayings.ts";
import styles from "./train-page.module.css";

/** Step 4. */
export interface TrainPageProps {
  readonly stage: TrainStage;
}

const icons = { cpu: Cpu, pause: Pause, hourglass: Hourglass, stop: CircleStop } as const;

/** What it is doing, what has left, how much privacy is used, and whether it may be closed. */
export function TrainPage({ stage }: TrainPageProps) {
  const snapshot = useSnapshot();
  const scene = useScene({ ticks: stage.kind === "training" || stage.kind === "elsewhere" });
  const view = trainPageView(stage, snapshot, scene);
  useSayings(stage);
  return (
    <Page
      state={view.state}
      run={stage.invitation.run}
      step={3}
      aside={<Aside view={view} />}
      dock={<Controls view={view} isDock />}
    >
      <div className={styles["state"]}>
        <Pill tone={view.pill.tone} icon={icons[view.pill.icon]}>
          {view.pill.word}
        </Pill>
        <span>{view.subtitle}</span>
      </div>
      <PageTitle>{view.title}</PageTitle>
      <Lead>{view.lead}</Lead>
      {view.messages.map((message) => (
        <MessageNote
          key={message.kind}
          message={message}
          button={
            message.action.id === "resume" ? undefined : (
              <MessageButton action={message.action} failed={snapshot.failure?.action} />
            )
          }
        />
      ))}
      <div className={styles["card"]}>
        <Ribbon ribbon={view.ribbon} left={view.left} />
        {view.phases === null ? null : <Phases view={view.phases} />}
      </div>
      <Figures>
        <KeyFigure label={trainWords.sent} icon={Upload} figure={view.sent} />
        <KeyFigure label={trainWords.privacy} icon={ShieldCheck} figure={view.privacy} />
        <KeyFigure label={trainWords.here} icon={Lock} figure={view.here} />
      </Figures>
      <div className={styles["cards"]}>
        {view.curve.isExpected ? <OwnCurve curve={view.curve} /> : null}
        <SentLog lines={view.log} />
      </div>
    </Page>
  );
}

const Aside = ({ view }: { readonly view: TrainPageView }) => (
  <div className={styles["aside"]} id={deviceCardId} tabIndex={-1}>
    <DeviceCard device={view.device} buttons={<Controls view={view} />} />
    <Card size="large">
      <p className={styles["close"]}>
        <Moon size={17} strokeWidth={1.8} aria-hidden />
        <span>{trainWords.close}</span>
      </p>
    </Card>
  </div>
);

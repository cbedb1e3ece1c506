import { Check, CircleStop, Gauge, ShieldCheck, Upload } from "lucide-react";
import { Card } from "../../ui/card.tsx";
import { Pill } from "../../ui/pill.tsx";
import { useScene } from "../frame/participant-context.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { donePageView } from "../model/done.ts";
import type { DonePageView, DoneStage } from "../model/done.ts";
import { FailureNote } from "../parts/failure-note.tsx";
import { Figures, KeyFigure } from "../parts/figures.tsx";
import { DeleteEverything } from "../parts/delete-everything.tsx";
import { MessageButton } from "../parts/message-button.tsx";
import { MessageNote } from "../parts/message-note.tsx";
import { doneWords } from "../words/done.ts";
import { Keep } from "./keep.tsx";
import { TryModel } from "./try-model.tsx";
import { TryPicture } from "./try-picture.tsx";
import { WriteText } from "./write-text.tsx";
import styles from "./done-page.module.css";

/** After training. */
export interface DonePageProps {
  readonly stage: DoneStage;
}

/** Is the model any good, can I have it, how do I get rid of all this? */
export function DonePage({ stage }: DonePageProps) {
  const scene = useScene();
  const view = donePageView(stage, scene);
  const isWhole = stage.kind === "finished" && stage.status === "completed";
  const { message } = view;
  return (
    <Page state={view.state} run={stage.invitation.run} step={isWhole ? 4 : 3}>
      <div className={styles["state"]}>
        <Pill tone={isWhole ? "ok" : "idle"} icon={isWhole ? Check : CircleStop}>
          {view.state}
        </Pill>
        <span>{view.subtitle}</span>
      </div>
      <PageTitle>{view.title}</PageTitle>
      <Lead>{view.lead}</Lead>
      {message === null ? null : (
        <MessageNote
          message={message}
          button={
            message.action.id === "done" ? undefined : <MessageButton action={message.action} />
          }
        />
      )}
      <FailureNote />
      <Figures>
        <KeyFigure label={view.accuracyLabel} icon={Gauge} figure={view.accuracy} />
        <KeyFigure label={doneWords.sent} icon={Upload} figure={view.sent} />
        <KeyFigure label={doneWords.privacy} icon={ShieldCheck} figure={view.privacy} />
      </Figures>
      {view.remark === null ? null : <p className={styles["remark"]}>{view.remark}</p>}
      <div className={styles["cards"]}>
        {view.hasModel ? <Try view={view} /> : null}
        <Keep view={view} />
        <Card title={doneWords.delete} size="large">
          <p className={styles["text"]}>{doneWords.deleteText}</p>
          <DeleteEverything />
        </Card>
      </div>
    </Page>
  );
}

function Try({ view }: { readonly view: DonePageView }) {
  switch (view.tryGives) {
    case "text":
      return <WriteText field={view.tryField} />;
    case "labels":
      return <TryModel field={view.tryField} fieldPair={view.tryFieldPair} />;
    case "labels-of-picture":
      return <TryPicture {...view.tryPicture} />;
  }
}

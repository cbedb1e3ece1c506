import { useState } from "react";
import type { Road, Stage } from "../../participant/index.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { start, useActions, useSnapshot } from "../frame/participant-context.tsx";
import { Lead, Page, PageTitle } from "../frame/page.tsx";
import { devicePageView } from "../model/device.ts";
import type { DevicePageView } from "../model/device.ts";
import { FailureNote } from "../parts/failure-note.tsx";
import { MessageNote } from "../parts/message-note.tsx";
import { Rich } from "../parts/rich.tsx";
import { deviceWords } from "../words/device.ts";
import { oddsWords } from "../words/explain.ts";
import { CheckList } from "./check-list.tsx";
import { Fallback } from "./fallback.tsx";
import styles from "./device-page.module.css";

/** Step 3. */
export interface DevicePageProps {
  readonly stage: Stage & Road;
}

/** Can this device do it, how long will it take, and what does one agree to? */
export function DevicePage({ stage }: DevicePageProps) {
  const { power } = useSnapshot();
  const actions = useActions();
  const view = devicePageView(stage, power);
  const [isTicked, setTicked] = useState(false);
  const [isBoxMissing, setBoxMissing] = useState(false);
  const isFit = view.state === "fit";
  const press = () => {
    if (!isFit) {
      start(actions.checkDevice(null));
      return;
    }
    const mayStart = view.box === null || isTicked;
    setBoxMissing(!mayStart);
    if (mayStart) start(actions.start());
  };
  const button = (
    <Button kind="solid" size="big" isBusy={view.state === "checking"} onClick={press}>
      {isFit ? deviceWords.start : view.problem === null ? deviceWords.check : deviceWords.again}
    </Button>
  );
  return (
    <Page
      state={deviceWords.state}
      run={stage.invitation.run}
      step={2}
      aside={<Aside view={view} />}
      dock={button}
    >
      <PageTitle>{view.title}</PageTitle>
      <Lead>{view.lead}</Lead>
      <FailureNote />
      {view.problem === null ? null : <MessageNote message={view.problem} isUrgent />}
      <div className={styles["cards"]}>
        <Card title={deviceWords.checks} size="large">
          <CheckList lines={view.lines} />
        </Card>
        {view.fallback === null ? null : <Fallback fallback={view.fallback} />}
        {isFit ? (
          <Agreement
            view={view}
            isTicked={isTicked}
            onTick={setTicked}
            isMissing={isBoxMissing && !isTicked}
          />
        ) : null}
      </div>
      <div className={styles["buttons"]}>{button}</div>
    </Page>
  );
}

interface AgreementProps {
  readonly view: DevicePageView;
  readonly isTicked: boolean;
  readonly onTick: (isTicked: boolean) => void;
  /** The button was pressed without it. */
  readonly isMissing: boolean;
}

/** What one agrees to by starting; a box only where nothing is promised. */
const Agreement = ({ view, isTicked, onTick, isMissing }: AgreementProps) => (
  <Card title={deviceWords.summary} size="large">
    <ol className={styles["summary"]}>
      {view.summary.map((line) => (
        <li key={line}>
          <Rich text={line} />
        </li>
      ))}
    </ol>
    {view.box === null ? null : (
      <div className={styles["box"]}>
        <Checkbox label={view.box} isChecked={isTicked} onChange={onTick} />
        {isMissing ? (
          <p className={styles["missing"]} role="alert">
            {oddsWords.noneBoxMissing}
          </p>
        ) : null}
      </div>
    )}
  </Card>
);

const Aside = ({ view }: { readonly view: DevicePageView }) =>
  view.time === null ? null : (
    <Card title={deviceWords.time} size="large">
      <p className={styles["time"]}>{view.time.value}</p>
      {view.time.note === null ? null : <p className={styles["note"]}>{view.time.note}</p>}
    </Card>
  );

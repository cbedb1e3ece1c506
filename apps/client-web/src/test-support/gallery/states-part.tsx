import {
  connectionStates,
  memberStates,
  participantStates,
  roundStates,
  runStates,
} from "@fedtune/figures";
import { Inbox, Pause, Plus, Square } from "lucide-react";
import { useState } from "react";
import { Button, LinkButton } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { Copy, Hash } from "../../ui/copy.tsx";
import { Countdown } from "../../ui/countdown.tsx";
import { Disclosure } from "../../ui/disclosure.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { StatePill, StateWord } from "../../ui/pill.tsx";
import { Progress } from "../../ui/progress.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Tag } from "../../ui/tag.tsx";
import styles from "./gallery.module.css";

const tables = { runStates, roundStates, memberStates, participantStates, connectionStates };

/** States, notes and buttons. */
export function StatesPart() {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles["grid"]}>
      <Card title="States" className={styles["c6"]}>
        {Object.entries(tables).map(([name, table]) => (
          <div key={name} className={styles["row"]}>
            {Object.values(table).map((look) => (
              <StatePill key={look.word} look={look} />
            ))}
          </div>
        ))}
        <div className={styles["row"]}>
          <StateWord look={memberStates.training}> 71 %</StateWord>
          <StateWord look={memberStates.refused}>: norm 41.7, limit 10.0</StateWord>
          <StateWord look={roundStates.publishedAtDeadline} />
          <Tag>changed</Tag>
          <Tag kind="dashed">simulation</Tag>
        </div>
      </Card>
      <Card title="Buttons" className={styles["c6"]}>
        <div className={styles["row"]}>
          <Button kind="solid" icon={Plus}>
            New run
          </Button>
          <Button icon={Pause}>Pause</Button>
          <Button kind="danger" icon={Square} onClick={() => setOpen(true)}>
            Stop…
          </Button>
          <Button kind="quiet">Try it in simulation first</Button>
          <LinkButton href="/runs">All runs</LinkButton>
          <Button isBusy>Saving</Button>
          <Button disabled>Earlier</Button>
          <Button size="small">Details</Button>
        </div>
        <div className={styles["row"]}>
          <Button kind="solid" size="big">
            Choose a file
          </Button>
          <Button size="big">Decline</Button>
          <Copy text="https://fed.example.org/join/triage#k" label="Copy link" />
          <Hash label="Config" value="b41f7e0a5c3d2b1f09a8e7d6c5b409c2" />
        </div>
        <div className={styles["row"]}>
          <QrCode
            text="https://fed.example.org/join/message-triage#4f9a2c7d8e1b"
            label="Invitation"
            size={140}
          />
          <span style={{ font: "600 var(--t-36) var(--font-text)" }}>
            <Countdown label="Round 27 closes" untilMs={102_000} now={() => 0} />
          </span>
        </div>
        <div className={styles["stack"]}>
          <Progress label="This round" value={0.64} valueText="step 37 of 58, learning" />
          <Progress label="Model" value={null} valueText="preparing" />
        </div>
      </Card>
      <Card title="Notes" className={styles["c6"]}>
        <div className={styles["stack"]}>
          <ErrorNote
            title="14 of 1,842 rows have a label this run does not know"
            code="label-unknown"
            actions={
              <>
                <Button size="small">Leave out 14 rows</Button>
                <Button size="small">Map labels</Button>
              </>
            }
          >
            “Rezept” in row 212, and 13 more. Leave these rows out, or map them.
          </ErrorNote>
          <ErrorNote tone="wait" title="The graphics card stopped answering">
            Going on with the processor from step 37. Nothing is lost.
          </ErrorNote>
          <ErrorNote tone="privacy" title="This file’s privacy budget is used up">
            8.0 of 8.0. This device refuses further training on it; the organiser cannot change
            that.
          </ErrorNote>
          <ErrorNote
            tone="accent"
            title="A new version is here"
            actions={<Button size="small">Reload</Button>}
          >
            Your progress is kept.
          </ErrorNote>
        </div>
      </Card>
      <Card title="Folds" className={styles["c6"]}>
        <Disclosure title="The exact guarantee, for experts" meta="ε 3.00">
          One row of your file; add or remove; Poisson sampling at 0.0174.
        </Disclosure>
        <Disclosure title="What exactly is trained" meta="fedsa-lora, rank 8" isOpenAtFirst>
          Low-rank factors A of query and value in six layers: 36,864 numbers.
        </Disclosure>
        <Empty icon={Inbox} title="No runs yet" action={<Button kind="solid">New run</Button>}>
          A run trains one adapter with the data of many people. It stays here, also after its end.
        </Empty>
      </Card>
      <ConfirmDialog
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={() => setOpen(false)}
        title="Stop this run?"
        effect="26 of 40 rounds are done. What they learned stays; 10 updates of round 27 are thrown away."
        verb="Stop run"
        safeVerb="Let it run"
      />
    </div>
  );
}

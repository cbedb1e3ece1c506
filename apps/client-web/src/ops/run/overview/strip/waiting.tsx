import { formatCount, roundStates, runStates } from "@fedtune/figures";
import type { ComponentProps } from "react";
import { Card } from "../../../../ui/card.tsx";
import { Countdown } from "../../../../ui/countdown.tsx";
import { Progress } from "../../../../ui/progress.tsx";
import { StateWord } from "../../../../ui/pill.tsx";
import type { Run } from "../../model/api-types.ts";
import { openState } from "../../model/rounds-table.ts";
import type { RunSettings } from "../../model/settings.ts";
import styles from "./waiting.module.css";

/** A run that collects no updates at the moment. */
export interface WaitingProps {
  readonly run: Run;
  readonly settings: RunSettings;
  readonly toldAtMs: number;
}

/** What the run does instead of collecting; a wait is named by what it waits for. */
export function Waiting(props: WaitingProps) {
  const { status, state } = props.run;
  if (status !== "running") return null;
  if (state.paused && (state.phase === "waiting" || state.phase === "idle"))
    return (
      <Line look={runStates.paused}>
        Nothing happens until somebody resumes it. {formatCount(state.present)} people are here.
      </Line>
    );
  if (state.phase === "waiting" || state.phase === "idle") return <ForPeople {...props} />;
  const look = roundStates[openState(state)];
  const what = state.phase === "evaluating" ? "The adapter of" : "The updates of";
  const verb = state.phase === "evaluating" ? "is evaluated" : "become one adapter";
  return <Line look={look}>{`${what} round ${formatCount(state.round)} ${verb}.`}</Line>;
}

type LineProps = ComponentProps<typeof StateWord>;

const Line = ({ look, children }: LineProps) => (
  <Card>
    <p className={styles["line"]}>
      <StateWord look={look} />
      <span className={styles["text"]}>{children}</span>
    </p>
  </Card>
);

function ForPeople({ run: { state }, settings, toldAtMs }: WaitingProps) {
  const { needed } = settings;
  const untilMs = state.countdown?.timer === "wait" ? toldAtMs + state.countdown.remainingMs : null;
  const here = `${formatCount(state.present)} of ${formatCount(needed)} are here`;
  return (
    <Card>
      <div className={styles["people"]}>
        <div>
          <p className={styles["label"]}>
            Round {formatCount(state.round + 1)} opens with {formatCount(needed)} people
          </p>
          <p className={styles["count"]}>{here}</p>
        </div>
        <div className={styles["bar"]}>
          <Progress
            label="People who are here"
            value={state.present / Math.max(needed, 1)}
            valueText={here}
            height={8}
          />
          {untilMs === null ? null : (
            <p className={styles["text"]}>
              The run gives up in{" "}
              <Countdown label="The run gives up" untilMs={untilMs} now={Date.now} />; invite
              people, or pause it: a paused run waits as long as you like.
            </p>
          )}
        </div>
      </div>
    </Card>
  );
}

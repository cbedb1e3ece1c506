import type { GuessView } from "../model/done.ts";
import { Bars } from "../parts/bars.tsx";
import { doneWords } from "../words/done.ts";
import styles from "./guess-answer.module.css";
import type { Answer } from "./use-answer.ts";

/** A guess that was asked for. */
export interface GuessAnswerProps {
  readonly answer: Answer<GuessView>;
  /** What to say where there is none. */
  readonly failed: string;
}

/** The likeliest label, and how likely the others are. */
export const GuessAnswer = ({ answer, failed }: GuessAnswerProps) => (
  <>
    {answer.kind === "failed" ? <p>{failed}</p> : null}
    {answer.kind === "said" ? (
      <>
        <p className={styles["said"]}>{answer.said.answer}</p>
        <Bars label={doneWords.tryOther} bars={answer.said.bars} />
      </>
    ) : null}
  </>
);

import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { guessView } from "../model/done.ts";
import type { GuessView } from "../model/done.ts";
import { doneWords } from "../words/done.ts";
import { GuessAnswer } from "./guess-answer.tsx";
import styles from "./try-model.module.css";
import { useAnswer } from "./use-answer.ts";

/** Trying the model. */
export interface TryModelProps {
  /** Names of the fields; the second one null: one text is enough. */
  readonly field: string;
  readonly fieldPair: string | null;
}

/** A text goes in, labels come out; all of it in this tab. */
export function TryModel({ field, fieldPair }: TryModelProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const [pair, setPair] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  const [answer, ask] = useAnswer<GuessView>();
  const guess = async () => {
    setEmpty(text.trim() === "");
    if (text.trim() === "") return;
    await ask(async () =>
      guessView(await (fieldPair === null ? actions.tryText(text) : actions.tryText(text, pair))),
    );
  };
  return (
    <Card title={doneWords.try} size="large">
      <p className={styles["text"]}>{doneWords.tryText}</p>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          void guess();
        }}
      >
        <TextField
          label={field}
          rows={3}
          value={text}
          onChange={setText}
          error={isEmpty && text.trim() === "" ? doneWords.tryEmpty : undefined}
        />
        {fieldPair === null ? null : (
          <TextField label={fieldPair} rows={2} value={pair} onChange={setPair} />
        )}
        <div>
          <Button kind="solid" type="submit" isBusy={answer.kind === "working"}>
            {doneWords.tryDo}
          </Button>
        </div>
      </form>
      <div role="status" className={styles["answer"]}>
        <GuessAnswer answer={answer} failed={doneWords.tryFailed} />
      </div>
    </Card>
  );
}

import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { guessView } from "../model/done.ts";
import type { GuessView } from "../model/done.ts";
import { Bars } from "../parts/bars.tsx";
import { doneWords } from "../words/done.ts";
import styles from "./try-model.module.css";

/** Trying the model. */
export interface TryModelProps {
  /** Names of the fields; the second one null: one text is enough. */
  readonly field: string;
  readonly fieldPair: string | null;
}

type Answer =
  | { readonly kind: "none" | "working" | "failed" }
  | { readonly kind: "said"; readonly guess: GuessView };

/** A text goes in, labels come out; all of it in this tab. */
export function TryModel({ field, fieldPair }: TryModelProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const [pair, setPair] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  const [answer, setAnswer] = useState<Answer>({ kind: "none" });
  const ask = async () => {
    setEmpty(text.trim() === "");
    if (text.trim() === "") return;
    setAnswer({ kind: "working" });
    try {
      const guesses = await (fieldPair === null
        ? actions.tryText(text)
        : actions.tryText(text, pair));
      setAnswer({ kind: "said", guess: guessView(guesses) });
    } catch {
      // Why it failed is in the snapshot, shown at the top of the page.
      setAnswer({ kind: "failed" });
    }
  };
  return (
    <Card title={doneWords.try} size="large">
      <p className={styles["text"]}>{doneWords.tryText}</p>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
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
        {answer.kind === "failed" ? <p>{doneWords.tryFailed}</p> : null}
        {answer.kind === "said" ? (
          <>
            <p className={styles["said"]}>{answer.guess.answer}</p>
            <Bars label={doneWords.tryOther} bars={answer.guess.bars} />
          </>
        ) : null}
      </div>
    </Card>
  );
}

import { useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { guessView } from "../model/done.ts";
import type { GuessView } from "../model/done.ts";
import { Bars } from "../parts/bars.tsx";
import { SmallPicture } from "../parts/small-picture.tsx";
import { doneWords } from "../words/done.ts";
import { pictureTryWords } from "../words/pictures.ts";
import styles from "./try-picture.module.css";

/** Trying the model. */
export interface TryPictureProps {
  /** "Choose a picture" */
  readonly button: string;
  /** What is chosen, for those who do not see it. */
  readonly chosen: string;
}

type Answer =
  | { readonly kind: "none" | "working" | "failed" }
  | { readonly kind: "said"; readonly guess: GuessView };

/** Twice of what is shown. */
const SIDE = 320;

/** A picture goes in, labels come out; all of it in this tab. */
export function TryPicture({ button, chosen }: TryPictureProps) {
  const actions = useActions();
  const picker = useRef<HTMLInputElement>(null);
  const [picture, setPicture] = useState<File | null>(null);
  const [answer, setAnswer] = useState<Answer>({ kind: "none" });
  const ask = async (file: File) => {
    setPicture(file);
    setAnswer({ kind: "working" });
    try {
      setAnswer({ kind: "said", guess: guessView(await actions.tryPicture(file)) });
    } catch {
      // Why it failed is in the snapshot, shown at the top of the page.
      setAnswer({ kind: "failed" });
    }
  };
  return (
    <Card title={doneWords.try} size="large">
      <p className={styles["text"]}>{pictureTryWords.text}</p>
      <input
        ref={picker}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        aria-label={button}
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) void ask(file);
          currentTarget.value = "";
        }}
      />
      <div className={styles["button"]}>
        <Button
          kind="solid"
          isBusy={answer.kind === "working"}
          onClick={() => picker.current?.click()}
        >
          {button}
        </Button>
      </div>
      <div className={styles["answer"]}>
        {picture === null ? null : (
          <SmallPicture
            picture={picture}
            label={chosen}
            side={SIDE}
            className={styles["picture"]}
          />
        )}
        <div role="status">
          {answer.kind === "failed" ? <p>{pictureTryWords.failed}</p> : null}
          {answer.kind === "said" ? (
            <>
              <p className={styles["said"]}>{answer.guess.answer}</p>
              <Bars label={doneWords.tryOther} bars={answer.guess.bars} />
            </>
          ) : null}
        </div>
      </div>
    </Card>
  );
}

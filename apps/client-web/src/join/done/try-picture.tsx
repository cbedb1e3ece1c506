import { useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { guessView } from "../model/done.ts";
import type { GuessView } from "../model/done.ts";
import { SmallPicture } from "../parts/small-picture.tsx";
import { doneWords } from "../words/done.ts";
import { pictureTryWords } from "../words/pictures.ts";
import { GuessAnswer } from "./guess-answer.tsx";
import styles from "./try-picture.module.css";
import { useAnswer } from "./use-answer.ts";

/** Trying the model. */
export interface TryPictureProps {
  /** "Choose a picture" */
  readonly button: string;
  /** What is chosen, for those who do not see it. */
  readonly chosen: string;
}

/** Twice of what is shown. */
const SIDE = 320;

/** A picture goes in, labels come out; all of it in this tab. */
export function TryPicture({ button, chosen }: TryPictureProps) {
  const actions = useActions();
  const picker = useRef<HTMLInputElement>(null);
  const [picture, setPicture] = useState<File | null>(null);
  const [answer, ask] = useAnswer<GuessView>();
  const guess = (file: File) => {
    setPicture(file);
    return ask(async () => guessView(await actions.tryPicture(file)));
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
          if (file !== undefined) void guess(file);
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
          <GuessAnswer answer={answer} failed={pictureTryWords.failed} />
        </div>
      </div>
    </Card>
  );
}

import { useState } from "react";
import type { WrittenText } from "../../participant/index.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { doneWords } from "../words/done.ts";
import styles from "./try-model.module.css";
import { useAnswer } from "./use-answer.ts";

/** Trying a language model. */
export interface WriteTextProps {
  /** Name of the field. */
  readonly field: string;
}

/** How freely it writes, as a temperature. */
const temperatures = { exact: 0, careful: 0.7, free: 1.1 } as const;
type Freedom = keyof typeof temperatures;

const freedoms = [
  { value: "exact", label: doneWords.writeExact },
  { value: "careful", label: doneWords.writeCareful },
  { value: "free", label: doneWords.writeFree },
] as const;

/** What was written on from where. */
interface Passage {
  readonly start: string;
  readonly written: WrittenText;
}

/** A beginning goes in, a text comes out; all of it in this tab. */
export function WriteText({ field }: WriteTextProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const [freedom, setFreedom] = useState<Freedom>("careful");
  const [answer, ask] = useAnswer<Passage>();
  const write = () =>
    ask(async () => ({
      start: text,
      written: await actions.writeText(text, temperatures[freedom]),
    }));
  return (
    <Card title={doneWords.try} size="large">
      <p className={styles["text"]}>{doneWords.tryText}</p>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          void write();
        }}
      >
        <TextField label={field} rows={3} value={text} onChange={setText} />
        <div>
          <p className={styles["label"]} aria-hidden>
            {doneWords.writeFreedom}
          </p>
          <Segmented
            label={doneWords.writeFreedom}
            value={freedom}
            options={freedoms}
            onChange={setFreedom}
            isWide
          />
        </div>
        <div>
          <Button kind="solid" type="submit" isBusy={answer.kind === "working"}>
            {doneWords.writeDo}
          </Button>
        </div>
      </form>
      <div role="status" className={styles["answer"]}>
        {answer.kind === "failed" ? <p>{doneWords.tryFailed}</p> : null}
        {answer.kind === "said" ? <Written {...answer.said} /> : null}
      </div>
    </Card>
  );
}

/** The model's words are told apart from one's own. */
const Written = ({ start, written }: Passage) => (
  <>
    <p className={styles["written"]}>
      <span>{start}</span>
      {written.text}
      {written.isCut ? " …" : null}
    </p>
    <p className={styles["note"]}>{written.isCut ? doneWords.writeCut : doneWords.writeEnded}</p>
  </>
);

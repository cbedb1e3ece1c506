import { useState } from "react";
import type { WrittenText } from "../../participant/index.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useActions } from "../frame/participant-context.tsx";
import { doneWords } from "../words/done.ts";
import styles from "./try-model.module.css";

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

type Answer =
  | { readonly kind: "none" | "working" | "failed" }
  | { readonly kind: "said"; readonly start: string; readonly written: WrittenText };

/** A beginning goes in, a text comes out; all of it in this tab. */
export function WriteText({ field }: WriteTextProps) {
  const actions = useActions();
  const [text, setText] = useState("");
  const [freedom, setFreedom] = useState<Freedom>("careful");
  const [answer, setAnswer] = useState<Answer>({ kind: "none" });
  const write = async () => {
    setAnswer({ kind: "working" });
    try {
      const written = await actions.writeText(text, temperatures[freedom]);
      setAnswer({ kind: "said", start: text, written });
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
        {answer.kind === "said" ? <Written {...answer} /> : null}
      </div>
    </Card>
  );
}

/** The model's words are told apart from one's own. */
const Written = ({ start, written }: Extract<Answer, { kind: "said" }>) => (
  <>
    <p className={styles["written"]}>
      <span>{start}</span>
      {written.text}
      {written.isCut ? " …" : null}
    </p>
    <p className={styles["note"]}>{written.isCut ? doneWords.writeCut : doneWords.writeEnded}</p>
  </>
);

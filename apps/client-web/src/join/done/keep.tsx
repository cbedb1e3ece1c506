import { Download, FileText } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useActions } from "../frame/participant-context.tsx";
import type { DonePageView } from "../model/done.ts";
import { useSave } from "../parts/save.ts";
import { doneWords } from "../words/done.ts";
import styles from "./keep.module.css";

/** The model and the list of what was sent, as files. */
export function Keep({ view }: { readonly view: DonePageView }) {
  const actions = useActions();
  const save = useSave();
  return (
    <Card title={doneWords.keep} size="large">
      {view.hasModel ? (
        <>
          <p className={styles["text"]}>{view.keepText}</p>
          {view.keepWarning === null ? null : (
            <p className={styles["warning"]}>{view.keepWarning}</p>
          )}
        </>
      ) : null}
      <div className={styles["buttons"]}>
        {view.hasModel ? (
          <Button icon={Download} onClick={() => save(() => actions.downloadAdapter())}>
            {doneWords.download}
          </Button>
        ) : null}
        <Button
          kind="quiet"
          icon={FileText}
          onClick={() => save(async () => [await actions.downloadTransfers()])}
        >
          {doneWords.list}
        </Button>
      </div>
    </Card>
  );
}

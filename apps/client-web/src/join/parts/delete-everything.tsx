import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../../ui/button.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { useNotify } from "../../ui/notices.tsx";
import { start, useActions, useSnapshot } from "../frame/participant-context.tsx";
import { deletionText } from "../model/mine.ts";
import { mineWords } from "../words/done.ts";
import styles from "./delete-everything.module.css";

/** One button that deletes everything of this device, and the question before it. */
export function DeleteEverything() {
  const actions = useActions();
  const notify = useNotify();
  const [, navigate] = useLocation();
  const { keepings } = useSnapshot();
  const [isAsking, setAsking] = useState(false);
  const [keepRecords, setKeepRecords] = useState(false);
  const ask = () => {
    setAsking(true);
    start(actions.readKeepings());
  };
  const confirm = async () => {
    setAsking(false);
    // The page of a run that is going to be deleted would ask for that run again.
    navigate("/join/mine");
    await actions.deleteEverything({ privacyRecords: !keepRecords });
    notify(mineWords.deleted);
    await actions.readKeepings();
  };
  return (
    <>
      <Button kind="danger" icon={Trash2} onClick={ask}>
        {mineWords.deleteDo}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => start(confirm())}
        title={mineWords.deleteTitle}
        effect={deletionText(keepings, { keepRecords })}
        verb={mineWords.deleteYes}
        safeVerb={mineWords.deleteNo}
      >
        <div className={styles["keep"]}>
          <Checkbox
            label={mineWords.keepRecords}
            isChecked={keepRecords}
            onChange={setKeepRecords}
          />
          <p>{mineWords.keepRecordsHelp}</p>
        </div>
      </ConfirmDialog>
    </>
  );
}

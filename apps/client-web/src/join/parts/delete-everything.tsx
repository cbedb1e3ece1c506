import { Trash2 } from "lucide-react";
import { useState } from "react";
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
  const { keepings } = useSnapshot();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [keepRecords, setKeepRecords] = useState(false);
  const ask = () => {
    setAsking(true);
    start(actions.readKeepings());
  };
  const confirm = async () => {
    setBusy(true);
    try {
      await actions.deleteEverything({ privacyRecords: !keepRecords });
      notify(mineWords.deleted);
    } catch {
      // Why it failed is in the snapshot, shown on the page below.
    } finally {
      setBusy(false);
      setAsking(false);
    }
  };
  return (
    <>
      <Button kind="danger" icon={Trash2} onClick={ask}>
        {mineWords.deleteDo}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => void confirm()}
        title={mineWords.deleteTitle}
        effect={deletionText(keepings, { keepRecords })}
        verb={mineWords.deleteYes}
        safeVerb={mineWords.deleteNo}
        isBusy={isBusy}
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

import { Dialog } from "../../ui/dialog.tsx";
import { Invitation } from "./invitation.tsx";
import { words } from "./words.ts";

/** Whom to invite to which run. */
export interface InviteDialogProps {
  /** Null: the dialog is closed. */
  readonly run: string | null;
  readonly onClose: () => void;
}

/** Makes an invitation to a run and shows it once: link, QR code. */
export function InviteDialog({ run, onClose }: InviteDialogProps) {
  return (
    <Dialog isOpen={run !== null} onClose={onClose} title={words.title(run ?? "")}>
      {run === null ? null : <Invitation key={run} run={run} onClose={onClose} />}
    </Dialog>
  );
}

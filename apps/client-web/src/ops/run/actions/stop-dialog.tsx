import { formatCount } from "@fedtune/figures";
import { ConfirmDialog } from "../../../ui/confirm-dialog.tsx";
import type { Run } from "../model/api-types.ts";

/** The question before a run is stopped. */
export interface StopDialogProps {
  readonly run: Run;
  readonly isOpen: boolean;
  readonly isBusy: boolean;
  readonly onClose: () => void;
  readonly onStop: () => void;
}

/** Stopping cannot be undone: it says what is lost and what stays. */
export function StopDialog({ run, isOpen, isBusy, onClose, onStop }: StopDialogProps) {
  const { committedRounds, numRounds, state } = run;
  const left = numRounds - committedRounds;
  const open =
    state.phase === "collecting"
      ? ` The updates of round ${formatCount(state.round)} are dropped.`
      : "";
  return (
    <ConfirmDialog
      {...{ isOpen, isBusy, onClose, title: `Stop ${run.id} for good?`, verb: "Stop run" }}
      onConfirm={onStop}
      safeVerb="Let it run"
      effect={
        <>
          <p>
            {`${formatCount(left)} of ${formatCount(numRounds)} rounds will not run.${open} `}A
            stopped run cannot go on; pause it if you may want to.
          </p>
          <p>
            {`The adapters of ${formatCount(committedRounds)} rounds, the metrics and the privacy record stay.`}
          </p>
        </>
      }
    />
  );
}

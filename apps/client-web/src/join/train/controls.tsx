import { LogOut, Pause, Play, RotateCcw } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import type { Icon } from "../../ui/icon.ts";
import { start, useActions } from "../frame/participant-context.tsx";
import type { TrainAction, TrainPageView } from "../model/train.ts";
import { trainWords } from "../words/train.ts";

const main: Readonly<Record<TrainAction, { readonly label: string; readonly icon: Icon }>> = {
  pause: { label: trainWords.pause, icon: Pause },
  resume: { label: trainWords.resume, icon: Play },
  retry: { label: trainWords.retry, icon: RotateCcw },
  "take-over": { label: trainWords.takeOver, icon: Play },
};

/** What can be done while training. */
export interface ControlsProps {
  readonly view: Pick<TrainPageView, "action" | "canLeave" | "leaveText">;
  /** In the dock of a phone: leave first, pause last. */
  readonly isDock?: boolean;
}

/** Pause (or whatever comes next) and leave; leaving is asked about, since what was sent cannot be called back. */
export function Controls({ view, isDock = false }: ControlsProps) {
  const actions = useActions();
  const [isLeaving, setLeaving] = useState(false);
  const { label, icon } = main[view.action];
  const acts: Readonly<Record<TrainAction, () => Promise<void>>> = {
    pause: () => actions.pause(),
    resume: () => actions.resume(),
    retry: () => actions.start(),
    "take-over": () => actions.takeOver(),
  };
  const press = () => start(acts[view.action]());
  const go = (
    <Button key="go" kind="solid" size="big" icon={icon} isWide={!isDock} onClick={press}>
      {label}
    </Button>
  );
  const leave = view.canLeave ? (
    <Button
      key="leave"
      icon={isDock ? undefined : LogOut}
      isWide={!isDock}
      onClick={() => setLeaving(true)}
    >
      {isDock ? trainWords.leaveShort : trainWords.leave}
    </Button>
  ) : null;
  return (
    <>
      {isDock ? [leave, go] : [go, leave]}
      <ConfirmDialog
        isOpen={isLeaving}
        onClose={() => setLeaving(false)}
        onConfirm={() => {
          setLeaving(false);
          start(actions.leave());
        }}
        title={trainWords.leaveTitle}
        effect={view.leaveText}
        verb={trainWords.leaveDo}
        safeVerb={trainWords.leaveStay}
      />
    </>
  );
}

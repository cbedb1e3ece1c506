import { Ellipsis, Pause, Play, Square, UserPlus } from "lucide-react";
import { useState } from "react";
import { allows, useMe } from "../../api/session.ts";
import { InviteDialog } from "../../invite/invite-dialog.tsx";
import { Button } from "../../../ui/button.tsx";
import { Menu } from "../../../ui/menu.tsx";
import type { MenuItem } from "../../../ui/menu.tsx";
import type { Run } from "../model/api-types.ts";
import { runActions } from "../model/header.ts";
import type { RunViews } from "../use-run-data.ts";
import { DownloadMenu } from "./download-menu.tsx";
import { StopDialog } from "./stop-dialog.tsx";
import type { Deed } from "./use-steering.ts";
import styles from "./run-actions.module.css";

/** What may be done with a run. */
export interface RunActionsProps {
  readonly run: Run;
  readonly views: RunViews;
  readonly isBusy: boolean;
  readonly onDeed: (deed: Deed) => void;
}

/** Invite, pause, stop, download; on phones a dock at the bottom. */
export function RunActions({ run, views, isBusy, onDeed }: RunActionsProps) {
  const me = useMe();
  const [isInviting, setInviting] = useState(false);
  const [isStopping, setStopping] = useState(false);
  const { canInvite, canPause, canResume, canStop } = runActions(run);
  const maySteer = allows(me, "runs:write");
  const invite = canInvite && allows(me, "clients:write") ? () => setInviting(true) : null;
  const stop = canStop && maySteer ? () => setStopping(true) : null;
  const pause = maySteer && (canPause || canResume);
  return (
    <>
      <div className={styles["actions"]}>
        {invite === null ? null : (
          <Button icon={UserPlus} onClick={invite} className={styles["wide"]}>
            Invite
          </Button>
        )}
        {pause ? (
          <Button
            icon={canResume ? Play : Pause}
            isBusy={isBusy}
            onClick={() => {
              onDeed(canResume ? "resume" : "pause");
            }}
          >
            {canResume ? "Resume" : "Pause"}
          </Button>
        ) : null}
        {stop === null ? null : (
          <Button kind="danger" icon={Square} onClick={stop} className={styles["wide"]}>
            Stop{"\u2026"}
          </Button>
        )}
        <DownloadMenu views={views} />
        <More invite={invite} stop={stop} />
      </div>
      <InviteDialog run={isInviting ? run.id : null} onClose={() => setInviting(false)} />
      <StopDialog
        {...{ run, isBusy, isOpen: isStopping, onClose: () => setStopping(false) }}
        onStop={() => {
          setStopping(false);
          onDeed("stop");
        }}
      />
    </>
  );
}

interface MoreProps {
  readonly invite: (() => void) | null;
  readonly stop: (() => void) | null;
}

/** What has no place in a phone's dock. */
function More({ invite, stop }: MoreProps) {
  const items: MenuItem[] = [
    ...(invite === null ? [] : [{ label: "Invite people", icon: UserPlus, onSelect: invite }]),
    ...(stop === null
      ? []
      : [{ label: "Stop run\u2026", icon: Square, onSelect: stop, isDangerous: true }]),
  ];
  if (items.length === 0) return null;
  return (
    <span className={styles["more"]}>
      <Menu trigger={<Button icon={Ellipsis}>More</Button>} items={items} />
    </span>
  );
}

import type { ActionName } from "../../participant/index.ts";
import { Button, LinkButton } from "../../ui/button.tsx";
import { start, useActions, useSnapshot } from "../frame/participant-context.tsx";
import { contactLink } from "../model/messages.ts";
import type { Message } from "../model/messages.ts";
import { pathOf } from "../model/road.ts";
import { roadOf } from "../model/run-words.ts";
import { commonWords } from "../words/common.ts";

/** The button of a message. */
export interface MessageButtonProps {
  readonly action: Message["action"];
  /** The action that failed, where the message is about one. */
  readonly failed?: ActionName | undefined;
}

/** Does what the message says. */
export function MessageButton({ action, failed }: MessageButtonProps) {
  const actions = useActions();
  const { stage } = useSnapshot();
  const road = roadOf(stage);
  const { id, label } = action;
  const press = (what: () => Promise<unknown>, words = label) => (
    <Button size="small" onClick={() => start(what())}>
      {words}
    </Button>
  );
  // Only what failed can be put aside; the rest goes when its reason does.
  const putAside =
    failed === undefined ? null : press(() => actions.acknowledge(), commonWords.putAside);
  switch (id) {
    case "write-to-organiser": {
      const contact = road?.invitation.organiserContact ?? null;
      const href = contactLink(contact, road?.invitation.run ?? "fedtune");
      if (href === null) return putAside;
      return (
        <LinkButton size="small" href={href} rel="noreferrer noopener">
          {label}
        </LinkButton>
      );
    }
    case "enter-link":
      return (
        <LinkButton size="small" href="/join">
          {label}
        </LinkButton>
      );
    case "mine":
      return (
        <LinkButton size="small" href="/join/mine">
          {label}
        </LinkButton>
      );
    case "choose-file":
    case "choose-same-file":
      return road === null || stage.kind === "file" ? (
        putAside
      ) : (
        <LinkButton size="small" href={pathOf(road.invitation.run, "file")}>
          {label}
        </LinkButton>
      );
    case "check-again":
      return press(() =>
        failed === "checkDevice" ? actions.checkDevice(null) : actions.checkStorage(),
      );
    case "try-again":
      return failed === "start" || stage.kind === "failed"
        ? press(() => actions.start())
        : putAside;
    case "take-over":
      return press(() => actions.takeOver());
    case "resume":
      return stage.kind === "paused" ? press(() => actions.resume()) : putAside;
    case "reload":
      return (
        <Button size="small" onClick={() => location.reload()}>
          {label}
        </Button>
      );
    case "device":
      return (
        <Button size="small" onClick={showDevice}>
          {label}
        </Button>
      );
    case "done":
      return putAside;
  }
}

/** Id of the card that says what calculates. */
export const deviceCardId = "this-device";

function showDevice(): void {
  const card = document.getElementById(deviceCardId);
  card?.scrollIntoView({ block: "center" });
  card?.focus({ preventScroll: true });
}

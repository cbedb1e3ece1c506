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

/** Does what the message says; nothing where the page itself has the button. */
export function MessageButton({ action, failed }: MessageButtonProps) {
  const { stage } = useSnapshot();
  const road = roadOf(stage);
  const href = hrefOf(action.id, road);
  if (href !== null)
    return (
      <LinkButton size="small" href={href} rel="noreferrer noopener">
        {action.label}
      </LinkButton>
    );
  return <ActButton action={action} failed={failed} />;
}

/** Where a message leads; null: it does something here, or there is no address. */
function hrefOf(id: Message["action"]["id"], road: ReturnType<typeof roadOf>): string | null {
  switch (id) {
    case "write-to-organiser":
      return road === null
        ? null
        : contactLink(road.invitation.organiserContact, road.invitation.run);
    case "enter-link":
      return "/join";
    case "mine":
      return "/join/mine";
    case "choose-file":
    case "choose-same-file":
      return road === null || road.kind === "file" ? null : pathOf(road.invitation.run, "file");
    default:
      return null;
  }
}

function ActButton({ action: { id, label }, failed }: MessageButtonProps) {
  const actions = useActions();
  const { stage } = useSnapshot();
  const press = (what: () => Promise<unknown>, words = label) => (
    <Button size="small" onClick={() => start(what())}>
      {words}
    </Button>
  );
  // Only what failed can be put aside; the rest goes when its reason does.
  const putAside =
    failed === undefined ? null : press(() => actions.acknowledge(), commonWords.putAside);
  switch (id) {
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
        <Button
          size="small"
          onClick={() => {
            location.reload();
          }}
        >
          {label}
        </Button>
      );
    case "device":
      return (
        <Button size="small" onClick={showDevice}>
          {label}
        </Button>
      );
    default:
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

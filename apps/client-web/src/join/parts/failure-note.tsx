import { useScene, useSnapshot } from "../frame/participant-context.tsx";
import { messageOfProblem } from "../model/notices.ts";
import { roadOf } from "../model/run-words.ts";
import { messageOfError } from "../model/messages.ts";
import { MessageButton } from "./message-button.tsx";
import { MessageNote } from "./message-note.tsx";

/** The last action that failed without changing where one is; it stays until it is solved or put aside. */
export function FailureNote() {
  const { failure, stage } = useSnapshot();
  const scene = useScene();
  if (failure === null) return null;
  const road = roadOf(stage);
  const message =
    road === null
      ? messageOfError(failure.problem)
      : messageOfProblem(failure.problem, road, scene);
  return (
    <MessageNote
      message={message}
      button={<MessageButton action={message.action} failed={failure.action} />}
      isUrgent
    />
  );
}

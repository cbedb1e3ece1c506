import type { ReactNode } from "react";
import { ErrorNote } from "../../ui/error-note.tsx";
import type { Message } from "../model/messages.ts";
import styles from "./message-note.module.css";

/** A message. */
export interface MessageNoteProps {
  readonly message: Message;
  /** Its button; absent: what to do is at hand elsewhere on the page. */
  readonly button?: ReactNode;
  readonly isUrgent?: boolean;
}

const tones = { bad: "bad", wait: "wait", idle: "accent" } as const;

/** What happened, what is kept, what to do. */
export function MessageNote({ message, button, isUrgent = false }: MessageNoteProps) {
  const { kind, title, text, tone, code } = message;
  return (
    <div className={styles["note"]}>
      <ErrorNote
        title={title}
        tone={kind === "budget-spent" ? "privacy" : tones[tone]}
        actions={button}
        code={code ?? undefined}
        isUrgent={isUrgent}
      >
        {text}
      </ErrorNote>
    </div>
  );
}

import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { errorWords } from "../error-words.ts";
import { words } from "../words.ts";

/** What could not be done, and why. */
export interface LoadErrorProps {
  /** "Could not load the runs" */
  readonly title: string;
  readonly error: unknown;
  readonly onRetry?: () => void;
  /** It came while somebody waited for something else to happen. */
  readonly isUrgent?: boolean;
}

/** An error where it arose, with a way out. */
export function LoadError({ title, error, onRetry, isUrgent = false }: LoadErrorProps) {
  const { text, code, canRetry } = errorWords(error);
  const action =
    onRetry === undefined || !canRetry ? null : (
      <Button size="small" onClick={onRetry}>
        {words.tryAgain}
      </Button>
    );
  return (
    <ErrorNote title={title} code={code} actions={action} isUrgent={isUrgent}>
      {text}
    </ErrorNote>
  );
}

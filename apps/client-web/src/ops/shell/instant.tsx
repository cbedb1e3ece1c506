import { useState } from "react";
import { formatInstant, formatIso, noValue } from "@fedtune/figures";

/** When something was. */
export interface InstantProps {
  /** ISO 8601; null: never, or not yet. */
  readonly at: string | null;
  /** For null; default: a dash. */
  readonly never?: string;
}

/** An instant in this browser's zone; all of it to the second in the tooltip. */
export function Instant({ at, never = noValue }: InstantProps) {
  const [nowMs] = useState(() => Date.now());
  if (at === null) return never;
  const ms = Date.parse(at);
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return (
    <time dateTime={formatIso(ms)} title={formatIso(ms)}>
      {formatInstant(ms, { timeZone, nowMs })}
    </time>
  );
}

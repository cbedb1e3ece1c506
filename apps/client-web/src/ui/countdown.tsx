import { formatTimer } from "@fedtune/figures";
import { useEffect, useEffectEvent, useState } from "react";
import { useAnnounce } from "./announcer.tsx";

/** Until when, by which clock. */
export interface CountdownProps {
  /** What ends ("Round 27 closes"); said at a minute and at ten seconds. */
  readonly label: string;
  /** Milliseconds since 1970 by the server's clock. */
  readonly untilMs: number;
  /** The server's clock as this page knows it. */
  readonly now: () => number;
}

const spoken = [60, 10] as const;

/** A countdown `m:ss`, rounded up: 0:00 is the end. It ticks on the second and stops at zero. */
export function Countdown({ label, untilMs, now }: CountdownProps) {
  const announce = useAnnounce();
  const [leftMs, setLeftMs] = useState(() => Math.max(0, untilMs - now()));
  const tick = useEffectEvent((): number => {
    const left = Math.max(0, untilMs - now());
    const seconds = Math.ceil(left / 1000);
    const before = Math.ceil(leftMs / 1000);
    for (const mark of spoken) {
      if (before > mark && seconds <= mark) announce(`${label} in ${mark} seconds`);
    }
    setLeftMs(left);
    return left;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = (): void => {
      const left = tick();
      // To the next full second, so that two countdowns of one page jump together.
      if (left > 0) timer = setTimeout(run, left % 1000 || 1000);
    };
    run();
    return () => clearTimeout(timer);
  }, [untilMs]);
  const shown = Math.ceil(leftMs / 1000) * 1000;
  return (
    <span role="timer" aria-live="off" aria-label={`${label} in ${formatTimer(shown)}`}>
      {formatTimer(shown)}
    </span>
  );
}

import { useEffect, useState } from "react";

/** The time, ms since 1970, looked at anew every so often; it stands still while nobody needs it. */
export function useNow(everyMs: number, isNeeded = true): number {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isNeeded) return;
    const look = (): void => {
      setNow(Date.now());
    };
    look();
    const timer = setInterval(look, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs, isNeeded]);
  return nowMs;
}

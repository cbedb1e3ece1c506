/** Being the only tab of this browser that does something: Web Locks, which end with their tab. */

/** A place that is held. */
export interface Hold {
  release(): void;
  /** Resolves when another tab took it away. */
  readonly lost: Promise<void>;
}

/** How a place is asked for. */
export interface HoldRequest {
  /** `if-free`: null when somebody has it; `wait`: until it is free; `steal`: whoever has it loses it. */
  readonly mode: "if-free" | "wait" | "steal";
  /** Ends a wait. */
  readonly signal?: AbortSignal;
}

/** Takes a place by its name; null when it was not free, or the wait was ended. */
export function takeHold(
  locks: LockManager,
  name: string,
  { mode, signal }: HoldRequest,
): Promise<Hold | null> {
  return new Promise((resolve, reject) => {
    let lose = (): void => undefined;
    const lost = new Promise<void>((settle) => (lose = settle));
    let isHeld = false;
    const options: LockOptions = {
      ...(mode === "if-free" ? { ifAvailable: true } : {}),
      ...(mode === "steal" ? { steal: true } : {}),
      ...(mode === "wait" && signal !== undefined ? { signal } : {}),
    };
    const holding = locks.request(name, options, async (lock) => {
      if (lock === null) {
        resolve(null);
        return;
      }
      isHeld = true;
      await new Promise<void>((release) => {
        resolve({ release, lost });
      });
    });
    holding.catch((error: unknown) => {
      if (isHeld) lose();
      else if (signal?.aborted === true) resolve(null);
      else reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

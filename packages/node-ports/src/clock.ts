import type { Clock } from "@fedtune/core";

/** The longest delay that `setTimeout` takes; beyond it would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Monotonic time of this process; delays of any length. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => wait(ms, callback),
};

function wait(ms: number, callback: () => void): () => void {
  let timer = arm(ms);
  return () => {
    clearTimeout(timer);
  };

  function arm(left: number): NodeJS.Timeout {
    if (left <= LONGEST_MS) return setTimeout(callback, left);
    return setTimeout(() => {
      timer = arm(left - LONGEST_MS);
    }, LONGEST_MS);
  }
}

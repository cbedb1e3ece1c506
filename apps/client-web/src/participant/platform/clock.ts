/** Time in a page and its workers. */
import type { Clock } from "@fedtune/core";

/** The longest delay that `setTimeout` takes; beyond it would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Monotonic time of this page; delays of any length. Timers of hidden pages are slow, those of workers are not. */
export const browserClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    let timer = arm(ms);
    return () => {
      clearTimeout(timer);
    };

    function arm(left: number): ReturnType<typeof setTimeout> {
      if (left <= LONGEST_MS) return setTimeout(callback, left);
      return setTimeout(() => {
        timer = arm(left - LONGEST_MS);
      }, LONGEST_MS);
    }
  },
};

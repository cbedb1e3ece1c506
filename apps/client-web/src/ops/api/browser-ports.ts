/** What the API's client needs of a browser: its clock and its `fetch`. */
import type { Fetch } from "@fedtune/api";
import type { Clock } from "@fedtune/core";

/** The page's monotonic clock. */
export const browserClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** `fetch` with this site's cookie and past every cache. */
export const browserFetch: Fetch = (url, request) =>
  fetch(url, { ...request, credentials: "same-origin", cache: "no-store" });

/** The live feed of runs, and what the page says of its connection. */
export { connectionText } from "./connection.ts";
export { feedKeys } from "./apply.ts";
export type { MembersPatch } from "./patches.ts";
export { useFeedState, useRunFeed } from "./use-run-feed.ts";

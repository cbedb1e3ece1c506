/** The live feed of runs, and what the page says of its connection. */
export { connectionText } from "./connection.ts";
export type { FeedState } from "./connection.ts";
export { feedKeys } from "./apply.ts";
export type { LiveConnection, LiveSocket, RunFollower } from "./live.ts";
export type { MembersPatch, Notice } from "./patches.ts";
export { LiveContext, useFeedState, useRunFeed } from "./use-run-feed.ts";

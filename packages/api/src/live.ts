/** The live feed over sockets: the events of runs as they happen, any number of runs on one connection. */
import { z } from "zod";
import { runName } from "./fields.ts";
import { errorAnswer } from "./errors.ts";
import { runEvent } from "./resources/history-schemas.ts";
import type { Immutable } from "./route.ts";

/** Namespace of the live feed at the coordinator's socket.io server; let in by a session's cookie or an API token. */
export const liveNamespace = "/live";

const eventId = z
  .string()
  .regex(/^[\w-]{1,80}$/, "an id of an event")
  .nullable();

/** What a reader asks for with `follow`: a run, and the last event that it has. */
export const followRequest = z.strictObject({
  run: runName,
  after: eventId.describe("null: how things are now, and then what happens"),
});
/** Type of {@link followRequest}. */
export type FollowRequest = z.output<typeof followRequest>;

/** What a reader asks for with `unfollow`. */
export const unfollowRequest = z.strictObject({ run: runName });

/**
 * The acknowledgement of `follow` and `unfollow`. What happened since `after` is sent before it, or a `missed` event and
 * how things are now; to a reader that does not keep up the rest comes after it.
 */
export const followAnswer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), error: errorAnswer }),
]);
/** Type of {@link followAnswer}. */
export type FollowAnswer = z.output<typeof followAnswer>;

/** What a reader is sent as `event`. */
export const liveEvent = z.object({
  run: runName,
  id: eventId.describe("null: the feed cannot be gone on with after it"),
  event: runEvent,
});
/** Type of {@link liveEvent}. */
export type LiveEvent = Immutable<z.output<typeof liveEvent>>;

/** What a reader is sent as `end`: a feed is over; for good, or until it is asked for anew. */
export const liveEnd = z.object({ run: runName, forGood: z.boolean() });
/** Type of {@link liveEnd}. */
export type LiveEnd = z.output<typeof liveEnd>;

/** Feeds that one connection may follow at a time. */
export const maxFollowed = 32;

/** What the API tells of the members of a round: how far each is, and what came of it. */
import type { MemberStatus } from "@fedtune/core";
import { z } from "zod";
import {
  byteCount,
  clientName,
  count,
  date,
  errorCode,
  participantIndex,
  sinceOpening,
} from "../fields.ts";

const statuses = [
  ...["ordered", "training", "storing", "accepted", "refused", "declined", "gone"],
] as const satisfies readonly MemberStatus[];

/** How far a member of a cohort is. */
export const memberStatus = z.enum(statuses);

/** What has changed for one member. */
export const memberChange = z.object({
  index: participantIndex,
  status: memberStatus,
  isAway: z.boolean().describe("its connection is lost and the grace is running"),
  isUploading: z.boolean().describe("its update is on the wire"),
  atMs: count.describe("milliseconds since the attempt opened"),
  progress: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe("share of what it is at, where that is known: of its training, or of its upload"),
  bytesUp: byteCount.describe("of its update, so far"),
  code: errorCode.nullable().describe("of its latest refusal in this attempt"),
});

/** A member's way through an attempt. */
const memberTimeline = z.object({
  index: participantIndex,
  client: clientName.nullable().describe("null: the client is not known any more"),
  order: count
    .nullable()
    .describe(
      "the earlier round whose order it is late with, or whose update counts here; null: none",
    ),
  status: memberStatus.describe("now, or when the attempt ended"),
  orderedMs: sinceOpening.describe("when it was sent its order; again for one that came back"),
  startedMs: sinceOpening.describe("when it said that it trains"),
  uploadedMs: sinceOpening.describe("when its update was there in full"),
  acceptedMs: sinceOpening.describe("when its update was stored"),
  refusedMs: sinceOpening.describe("when it was refused, declined or went, the last time"),
  bytesUp: byteCount,
  bytesDown: byteCount,
  code: errorCode.nullable().describe("why it was refused, or declined; late-update: it came late"),
  message: z.string().nullable(),
  examples: count.nullable().describe("as it says itself"),
  trainingSeconds: z.number().nullable().describe("as it says itself; null: it does not say"),
});

/** An attempt at a round with what became of each member. */
export const attemptTimeline = z.object({
  attempt: count,
  status: z.enum(["open", "closed", "abandoned"]),
  target: count.describe("accepted updates that close it"),
  openedAt: date,
  endedAt: date.nullable(),
  code: errorCode.nullable().describe("why it was given up"),
  message: z.string().nullable(),
  members: z.array(memberTimeline).describe("in order of their index"),
});

/** What a device says of itself. */
const device = z
  .object({
    backend: z.string().describe("what computes: webgpu, webgl, wasm, tfjs-node, ..."),
    platform: z.string().describe("browser or operating system"),
    threads: count.nullable(),
  })
  .meta({ id: "Device" });

/** A participant with what it has done in the run so far. */
export const participantFacts = z
  .object({
    index: participantIndex,
    client: clientName,
    joinedAt: date,
    lastSeen: date.nullable().describe("null: never since this was written down"),
    isPresent: z.boolean(),
    status: memberStatus.nullable().describe("in the cohort of now; null: not in it"),
    revokedAt: date.nullable(),
    software: z.string().nullable().describe("as it says itself"),
    device: device.nullable().describe("as it says itself; null: it does not say"),
    ordered: count.describe("attempts that asked it"),
    accepted: count.describe("of its updates"),
    refused: count.describe("of its updates, but for those that came late"),
    late: count.describe("updates that came after their round had closed"),
    declined: count.describe("orders"),
    lastRound: count.nullable().describe("the last round that has an update of it"),
    staleness: count
      .nullable()
      .describe("rounds since the adapter that it holds; null: none known"),
    examples: count.nullable().describe("of its last update, as it says itself"),
    share: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .describe("of the examples of all accepted updates; null: there are none"),
    meanTrainingSeconds: z
      .number()
      .nullable()
      .describe("of its accepted updates, as it says itself"),
    bytesUp: byteCount,
    bytesDown: byteCount,
  })
  .meta({ id: "ParticipantFacts" });

/** What somebody may know of a run before taking part in it, and the base model that taking part needs. */
import { idPattern, privacyModes, trainingSchema } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { z } from "zod";
import { byteCount, clientName, count, date, digestText, runName } from "../fields.ts";
import { defineRoutes, json } from "../route.ts";
import { runStatus } from "./run-schemas.ts";

const tag = "clients";
const one = z.strictObject({ run: runName });

const modelFile = z.object({ name: z.string(), bytes: byteCount, hash: digestText });

const model = z
  .object({
    name: z.string().describe("as people know it"),
    files: z.array(modelFile).describe("empty: this server does not hand the model out"),
    bytes: byteCount.describe("of all files together"),
  })
  .meta({ id: "BaseModel" });

const noPrivacy = z.object({ mode: z.literal("none") });

const privacy = z.object({
  mode: z.enum(privacyModes).exclude(["none"]),
  epsilon: z.number().describe("after all rounds, for a unit that takes part in each"),
  delta: z.number(),
  noiseMultiplier: z.number(),
  clipNorm: z.number(),
  accountant: z.string(),
  accountantParameters: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe("what one needs to repeat its arithmetic"),
  whoAddsNoise: z.enum(["clients", "coordinator"]),
  trusted: z.string().describe("who could break the guarantee by not doing what they should"),
  unit: z.enum(["example", "user"]).describe("what is protected"),
  relation: z.string().describe("what two neighbouring data sets differ in"),
  released: z.array(z.string()),
  steps: count.describe("noisy sums that a unit may be part of"),
  samplingRate: z
    .number()
    .nullable()
    .describe("probability that a unit enters a step; null: it may enter every one"),
  isSeeded: z.boolean().describe("the noise can be repeated from a seed: it protects nobody"),
  warnings: z.array(z.string()),
  rightOutOf100: count
    .max(100)
    .describe("how often at most an expert tells rightly whether a unit took part, 50 by guessing"),
  rightBy: z
    .enum(["curve", "bound"])
    .describe("from the whole privacy curve, or from epsilon and delta alone: a rough bound"),
});

const invitation = z
  .object({
    run: runName,
    title: z.string(),
    description: z.string().nullable(),
    organiser: z.string().nullable(),
    organiserContact: z.string().nullable().describe("an e-mail address or a page by https"),
    subject: z.string().nullable().describe("what a row of data is, as a noun: message"),
    party: z.string().nullable().describe("what a data holder is, as a noun: clinic"),
    task: z.string(),
    labels: z.array(z.string()),
    dataColumns: z
      .object({ text: z.string(), textPair: z.string().nullable(), label: z.string() })
      .describe("what the columns of a data file are probably called"),
    minimumExamples: count.describe("rows that a data holder needs to take part"),
    model,
    method: z.object({
      name: z.string(),
      title: z.string().describe("as people write it"),
      summary: z.string(),
    }),
    adapter: z.object({
      kind: z.string(),
      rank: count.describe("of the largest, where clients differ"),
      loraAlpha: z.number(),
      targetModules: z.array(z.string()),
    }),
    training: z.object(trainingSchema.shape).describe("how a device trains in each round"),
    numbers: z
      .object({ leaves: count, stays: count, comes: count })
      .describe("numbers per round that leave a device, at most; that never do; that come in"),
    bytes: z
      .object({ upPerRound: byteCount, downPerRound: byteCount, model: byteCount })
      .describe("up with headers, at most; down for a device that holds the round before"),
    rounds: z.object({ total: count, committed: count }),
    participants: z.object({
      joined: count.nullable().describe("so far; null: hidden"),
      wanted: count.describe("a round waits until so many are there"),
    }),
    privacy: z.discriminatedUnion("mode", [noPrivacy, privacy]),
    presence: z.enum(["shown", "hidden"]).describe("hidden: nobody is told who took part"),
    status: runStatus,
    invitation: z
      .object({
        expiresAt: date,
        usesLeft: count.nullable().describe("null: any number"),
        client: clientName.optional().describe("the one client that may use it; absent: any"),
      })
      .nullable()
      .describe("null: the run is open, or a client asked that is in it already"),
    protocol: count.describe("version of the control messages that clients must speak"),
    now: date.describe("the server's clock"),
  })
  .meta({ id: "Invitation" });

/** Routes about what a run asks of those who are invited. */
export const invitationRoutes = defineRoutes({
  openInvitation: {
    ...{ method: "POST", path: "/runs/:run/invitation", access: null, tag },
    summary:
      "What somebody who is invited may know of a run; takes no use of the token. A client of the run signs instead",
    params: one,
    body: z
      .strictObject({
        token: z
          .string()
          .min(1)
          .max(256)
          .nullable()
          .default(null)
          .describe("enrolment token; null: the run is open, or a client signs"),
      })
      .meta({ id: "InvitationRequest" }),
    answer: json(invitation),
  },
  getModel: {
    ...{ method: "GET", path: "/runs/:run/model", access: "runs:read", tag },
    summary: "Files of the base model; their bytes are at /runs/RUN/model/files/NAME",
    params: one,
    answer: json(model),
  },
});

/**
 * Address of a base model's file under a coordinator's, beside the blobs. Clients sign the request with their key; the
 * hash makes the address one whose bytes never change, and a file that has changed `blob-missing`.
 *
 * @throws RangeError for a name that no file of a model has
 */
export function modelFilePath(
  run: RunId,
  { name, hash }: { readonly name: string; readonly hash: string },
): string {
  if (!idPattern.test(run) || !modelFileName.test(name)) {
    throw new RangeError(`Cannot address file "${name}" of run "${run}"`);
  }
  return `/runs/${run}/model/files/${name}?hash=${hash}`;
}

/** Nothing in it means anything in an address. */
const modelFileName = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;

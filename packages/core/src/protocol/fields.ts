/** Fields that messages of the control protocol are made of. */
import { z } from "zod";
import { codecNames } from "../adapter/codec.ts";
import { adapterInits } from "../adapter/kind.ts";
import { factorRoles } from "../adapter/layout.ts";
import { runPrivacySchema } from "../config/privacy.ts";
import { taskSchema, trainingSchema } from "../config/training.ts";
import { errorCodes } from "../errors.ts";
import { digestPattern, idPattern } from "../ids.ts";
import type { ClientId, Digest, RunId } from "../ids.ts";
import { coldStarts, sparseMasks } from "../method.ts";

/** Name of a run. */
export const run = z
  .string()
  .regex(idPattern)
  .transform((text) => text as RunId);
/** Name of a client. */
export const client = z
  .string()
  .regex(idPattern)
  .transform((text) => text as ClientId);
/** SHA-256 in hexadecimal. */
export const digest = z
  .string()
  .regex(digestPattern)
  .transform((text) => text as Digest);
/** Number of a round. */
export const round = z.int().min(0).max(0xffffffff);
/** Index of a participant. */
export const index = z.int().min(0).max(10_000_000);
/** Key of a stream of random numbers. */
export const words = z.tuple([z.uint32(), z.uint32(), z.uint32(), z.uint32()]);
/** Bytes by their hash. */
export const blob = z.strictObject({ hash: digest, bytes: z.int().min(0).max(0xffffffff) });
/** A published part, and how it is read. */
export const published = z.discriminatedUnion("kind", [
  blob.extend({
    kind: z.literal("factors"),
    round,
    roles: z.array(z.enum(factorRoles)),
    /** Number of values of a sparse part; null: all of them. */
    kept: z.int().min(0).nullable(),
  }),
  blob.extend({ kind: z.literal("rotation"), round }),
  blob.extend({ kind: z.literal("residual"), round }),
]);
/** Numbers by name. */
export const metrics = z.record(z.string().max(64), z.number());
/** The adapter that a client has; null: none. */
export const held = z.strictObject({ round, hash: digest }).nullable();
/** Code of an error. */
export const code = z.enum(errorCodes);
/** Roles of factors. */
export const roles = z.array(z.enum(factorRoles)).max(factorRoles.length);

/** What a method asks of a client. */
export const plan = z.strictObject({
  rank: z.int().positive(),
  train: roles,
  upload: roles,
  personal: roles,
  codec: z.enum(codecNames),
  sparsify: z
    .strictObject({
      density: z.number().positive().max(1),
      mask: z.enum(sparseMasks),
      dense: roles,
      errorFeedbackRounds: z.int().min(0),
      freezeZeros: z.boolean(),
    })
    .nullable(),
  coldStart: z.enum(coldStarts),
});

/** What a client must know of a run before it can take orders. */
export const spec = z.strictObject({
  configHash: digest,
  model: z.string().max(4096),
  task: taskSchema,
  adapter: z.strictObject({
    kind: z.string().max(64),
    rank: z.int().positive(),
    loraAlpha: z.number().positive(),
    targetModules: z.array(z.string()).min(1),
    init: z.enum(adapterInits),
  }),
  head: z.enum(["freeze", "share", "personal"]),
  training: trainingSchema,
  /** What the run does to protect data; the client holds its orders against it and against its own ledger. */
  privacy: runPrivacySchema,
  /** Share of its examples that a client without evaluation data of its own keeps out of training. */
  holdout: z.number().min(0).max(0.9),
  layoutHash: digest,
  /** Where the adapter of round 0 comes from: the key of the stream that draws it, or a blob of all its values. */
  initial: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("seed"), key: words }),
    blob.extend({ kind: z.literal("blob") }),
  ]),
  /** Hash of the float32 values of the adapter of round 0. */
  initialHash: digest,
  /** What a client does that is still at work when its round has closed; absent: it drops that. */
  lateUpdates: z.literal("next-round").optional(),
});

/** What a device says of itself, for people who look at a run; nothing rests on it. */
export const device = z.strictObject({
  /** What computes: `webgpu`, `wasm`, `tfjs-node`. */
  backend: z.string().max(64),
  /** Browser or operating system. */
  platform: z.string().max(200),
  threads: z.int().min(0).max(4096).nullable(),
});

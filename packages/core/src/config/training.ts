import { z } from "zod";

/** Optimisers; epsilon is always explicit because TensorFlow.js' own default differs by backend. */
export const optimizerSchema = z
  .discriminatedUnion("name", [
    z.strictObject({
      name: z.literal("sgd"),
      momentum: z.number().min(0).lt(1).default(0).describe("0 is plain SGD"),
      weightDecay: z.number().min(0).default(0).describe("added to the gradient"),
    }),
    z.strictObject({
      name: z.literal("adamw"),
      beta1: z.number().min(0).lt(1).default(0.9).describe("decay of the mean gradient"),
      beta2: z.number().min(0).lt(1).default(0.999).describe("decay of the mean square"),
      epsilon: z.number().positive().default(1e-8).describe("keeps the divisor above zero"),
      weightDecay: z.number().min(0).default(0.01).describe("decoupled, as in AdamW"),
    }),
  ])
  .prefault({ name: "adamw" });

/** How a client trains in one round. */
export const trainingSchema = z.strictObject({
  localEpochs: z
    .int()
    .positive()
    .max(1000)
    .default(1)
    .describe("passes over the client's data per round"),
  maxSteps: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("stops a round after this many optimiser steps"),
  batchSize: z.int().positive().max(4096).default(16).describe("examples per optimiser step"),
  microBatchSize: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("gradient accumulation; null: the whole batch at once"),
  learningRate: z.number().positive().max(100).default(1e-3).describe("constant within a run"),
  maxLength: z
    .int()
    .min(4)
    .max(8192)
    .default(128)
    .describe("tokens per example, special tokens included"),
  optimizer: optimizerSchema,
  maxGradNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("clips the global gradient norm of each step"),
});

const labels = z
  .array(z.string().min(1).max(200))
  .min(2)
  .max(10_000)
  .refine((names) => new Set(names).size === names.length, "labels must be distinct")
  .describe("ordered; a client's unknown label is an error, a missing one is fine");

/** What is learned. */
export const taskSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sequence-classification").describe("texts or pairs of texts to labels"),
    labels,
  }),
  z.strictObject({ kind: z.literal("image-classification").describe("images to labels"), labels }),
  z.strictObject({
    kind: z
      .literal("causal-lm")
      .describe("texts to their continuations; the loss is that of completions alone"),
    labels: z.array(z.string()).max(0).default([]).describe("none: the answers are texts"),
  }),
]);

/** Resolved optimiser settings. */
export type OptimizerSettings = z.output<typeof optimizerSchema>;
/** Resolved local training settings. */
export type TrainingSettings = z.output<typeof trainingSchema>;
/** Resolved task. */
export type TaskSettings = z.output<typeof taskSchema>;

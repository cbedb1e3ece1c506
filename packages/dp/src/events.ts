/**
 * The mechanisms that a ledger records: what was done to the data, never an epsilon.
 *
 * `noiseMultiplier` is the noise's standard deviation over the clip norm, in Opacus' words, whatever the neighbouring
 * relation is. Replacing a unit moves a clipped sum by up to twice the clip norm; the accountants reckon with that.
 */
import { parseInput } from "@fedtune/core";
import { z } from "zod";

/** What two neighbouring data sets differ in. */
export const neighbouringRelations = ["add-or-remove-one", "zero-out", "replace-one"] as const;
/** One of {@link neighbouringRelations}. */
export type NeighbouringRelation = (typeof neighbouringRelations)[number];

/** Whose presence is protected: one example, or everything of one user. */
export const privacyUnits = ["example", "user"] as const;
/** One of {@link privacyUnits}. */
export type PrivacyUnit = (typeof privacyUnits)[number];

const noiseMultiplier = z.number().min(0.01).max(1e6);
const steps = z.int().positive().max(1e9);

/** One mechanism, applied `steps` times; strict. */
export const privacyEventSchema = z.discriminatedUnion("mechanism", [
  /** The Gaussian mechanism on all data: every unit takes part in every step. */
  z.strictObject({ mechanism: z.literal("gaussian"), noiseMultiplier, steps }),
  /** Each unit enters each step independently with probability `samplingRate`. */
  z.strictObject({
    mechanism: z.literal("poisson-gaussian"),
    samplingRate: z.number().min(0).max(1),
    noiseMultiplier,
    steps,
  }),
  /** Each step draws exactly `sampleSize` of `populationSize` units without replacement; replace-one only. */
  z
    .strictObject({
      mechanism: z.literal("fixed-size-gaussian"),
      sampleSize: z.int().positive(),
      populationSize: z.int().positive(),
      noiseMultiplier,
      steps,
    })
    .refine(({ sampleSize, populationSize }) => sampleSize <= populationSize, {
      path: ["sampleSize"],
      message: "at most populationSize",
    }),
  /** One binary tree of sums over `steps` releases (DP-FTRL); a unit takes part at most `participations` times. */
  z.strictObject({
    mechanism: z.literal("tree-gaussian"),
    noiseMultiplier,
    steps,
    participations: z.int().positive().max(1e9).default(1),
  }),
]);

/** One row of what was done. */
export type PrivacyEvent = z.output<typeof privacyEventSchema>;

/**
 * Reads events that came from outside: a file, a wire, a worker.
 *
 * @throws FedtuneError `config-invalid` naming the field, its value and what was wanted
 */
export function parseEvents(input: unknown, what: string): readonly PrivacyEvent[] {
  return parseInput(z.array(privacyEventSchema).max(1_000_000), input, { what });
}

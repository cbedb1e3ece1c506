/** A run's privacy settings as the platform's core sees them: packages/dp says what they mean. */
import { z } from "zod";
import type { ZodType } from "zod";
import type { Method } from "../method.ts";
import type { InputIssue } from "./issues.ts";
import type { RunConfig } from "./run-config.ts";

/** What is protected: nothing, each example (by the client), or everything of a client (by whoever adds the noise). */
export const privacyModes = ["none", "record-level", "user-level"] as const;

/** Privacy settings on the wire and in jobs; fields besides the mode are read by their owner. */
export const runPrivacySchema = z.looseObject({ mode: z.enum(privacyModes) });
/** Resolved privacy settings. */
export type RunPrivacy = Readonly<z.output<typeof runPrivacySchema>>;

/** What the owner of a registry says about privacy settings. */
export interface PrivacyRules {
  /** Strict; without input: mode none. */
  readonly schema: ZodType<RunPrivacy>;
  /** Contradictions of the settings with themselves and with the run; fields start with `privacy.` or name the other side. */
  readonly issues: (config: RunConfig, method: Method) => readonly InputIssue[];
  /** The settings with nothing left open, for example the noise found for a target epsilon. */
  readonly resolve: (config: RunConfig) => RunPrivacy;
}

/** The rules of a registry without privacy: any other mode is refused. */
export const withoutPrivacy: PrivacyRules = {
  schema: z
    .strictObject({
      mode: z.literal("none").default("none").describe("nothing is added to updates"),
    })
    .prefault({}),
  issues: () => [],
  resolve: ({ privacy }) => privacy,
};

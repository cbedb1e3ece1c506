/** What an update may be at most; more is refused before it is stored, or counts for less. */
import { z } from "zod";
import type { InputIssue } from "./issues.ts";

/** Bounds of what one client can do to a round. */
export const firewallSchema = z.strictObject({
  maxNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("largest Euclidean norm of an update, more is refused; null: any"),
  maxWeight: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("most that an update weighs in the mean; null: any"),
});

/** Resolved bounds. */
export type Firewall = z.output<typeof firewallSchema>;

/** What contradicts itself in the bounds. */
export const firewallRules: readonly ((run: {
  readonly firewall: Firewall;
  readonly privacy: { readonly mode: string };
}) => InputIssue | null)[] = [
  ({ firewall: { maxNorm }, privacy: { mode } }) =>
    maxNorm !== null && mode === "user-level"
      ? {
          field: "firewall.maxNorm",
          value: maxNorm,
          wanted:
            "null with privacy.mode user-level: every update is clipped, and a refusal would tell what noise hides",
          fix: { value: null },
        }
      : null,
];

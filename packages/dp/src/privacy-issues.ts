import type { InputIssue } from "@fedtune/core";
import { defaultBitDeviation } from "./clip/adaptive.ts";
import type { PrivacySettings, RecordLevelPrivacy, UserLevelPrivacy } from "./privacy-settings.ts";

type Private = RecordLevelPrivacy | UserLevelPrivacy;
type Rule = (settings: Private) => InputIssue | null;

const rules: readonly Rule[] = [
  ({ noiseMultiplier, targetEpsilon }) =>
    (noiseMultiplier === null) === (targetEpsilon === null)
      ? issue(
          "noiseMultiplier",
          noiseMultiplier,
          `exactly one of noiseMultiplier and targetEpsilon (${String(targetEpsilon)})`,
        )
      : null,
  ({ targetEpsilon, budget }) =>
    targetEpsilon !== null && budget !== null && targetEpsilon > budget.epsilon
      ? issue("targetEpsilon", targetEpsilon, `at most privacy.budget.epsilon (${budget.epsilon})`)
      : null,
  (settings) =>
    settings.mode === "record-level" &&
    settings.grouping !== "flat" &&
    settings.adaptiveClipping !== null
      ? issue("grouping", settings.grouping, "flat with adaptiveClipping, which follows one norm")
      : null,
  (settings) =>
    settings.mode === "record-level" && settings.grouping !== "flat" && settings.hardened
      ? issue("grouping", settings.grouping, "flat with hardened, whose grid has one clip norm")
      : null,
  (settings) =>
    settings.mode === "user-level" &&
    settings.mechanism === "tree" &&
    settings.noiseBy === "clients"
      ? issue("noiseBy", settings.noiseBy, "coordinator with mechanism tree, which keeps its noise")
      : null,
  (settings) =>
    settings.mode === "user-level" &&
    settings.mechanism === "tree" &&
    settings.adaptiveClipping !== null
      ? issue("adaptiveClipping", "set", "null with mechanism tree, whose sums need one clip norm")
      : null,
  (settings) =>
    settings.mode === "user-level" && settings.noiseBy === "clients" && settings.hardened
      ? issue("hardened", true, "false with noiseBy clients: their sum is no discrete Gaussian")
      : null,
  (settings) =>
    settings.mode === "user-level" &&
    settings.noiseBy === "clients" &&
    settings.adaptiveClipping !== null
      ? issue("adaptiveClipping", "set", "null with noiseBy clients: nobody else sees their norms")
      : null,
  (settings) =>
    settings.mode === "user-level" &&
    settings.noiseBy === "coordinator" &&
    settings.noiseShares !== null
      ? issue("noiseShares", settings.noiseShares, "null with noiseBy coordinator, who adds it all")
      : null,
  (settings) =>
    settings.mode === "user-level" &&
    settings.mechanism === "tree" &&
    settings.relation === "add-or-remove-one"
      ? issue(
          "relation",
          settings.relation,
          "zero-out or replace-one with mechanism tree, whose leaves keep their places",
        )
      : null,
  (settings) => bitsIssue(settings),
];

/** Contradictions between the `privacy` settings themselves; empty when there is none. Fields start with `privacy.`. */
export function privacyIssues(settings: PrivacySettings): readonly InputIssue[] {
  if (settings.mode === "none") return [];
  return rules.map((rule) => rule(settings)).filter((found) => found !== null);
}

/** The bits of adaptive clipping take their share of the noise: without enough of their own nothing is left. */
function bitsIssue(settings: Private): InputIssue | null {
  const { adaptiveClipping, noiseMultiplier } = settings;
  if (adaptiveClipping === null || noiseMultiplier === null) return null;
  const deviation =
    adaptiveClipping.clippedCountStddev ??
    (settings.mode === "user-level" ? defaultBitDeviation(settings.expectedCohort) : Infinity);
  return noiseMultiplier < 2 * deviation
    ? null
    : issue(
        "noiseMultiplier",
        noiseMultiplier,
        `below ${2 * deviation}, twice the deviation of the noise on the clipped count`,
      );
}

function issue(field: string, value: unknown, wanted: string): InputIssue {
  return { field: `privacy.${field}`, value, wanted };
}

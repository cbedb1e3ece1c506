/** What the page's one voice says when something changed: rounds, refusals, pauses; never percentages. */
import type { RoundOutcome } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import type { TrainStage } from "./train.ts";

/** A sentence about what became different; null: nothing worth an interruption. */
export function sayingOf(before: TrainStage, after: TrainStage): string | null {
  if (before.kind !== after.kind) {
    if (after.kind === "paused") return trainWords.sayPaused;
    if (after.kind === "training" && before.kind === "paused") return trainWords.sayOn;
  }
  const known = before.session.rounds.length;
  const news = after.session.rounds.slice(known).findLast(({ result }) => result !== "not-asked");
  if (news !== undefined) return outcomeText(news);
  const round = after.session.work?.round ?? null;
  if (round !== null && round !== before.session.work?.round)
    return fill(trainWords.sayRound, { round: String(round) });
  return null;
}

function outcomeText({ round, result }: RoundOutcome): string {
  const slots = { round: String(round) };
  switch (result) {
    case "accepted":
      return fill(trainWords.sayAccepted, slots);
    case "late":
      return fill(trainWords.sayLate, slots);
    case "refused":
      return fill(trainWords.sayRefused, slots);
    case "declined":
    case "missed":
    case "not-asked":
      return fill(trainWords.sayMissed, slots);
  }
}

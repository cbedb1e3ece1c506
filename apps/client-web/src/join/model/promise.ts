/** What a run promises, as one of the cases that a page can say in words. */
import type { PrivacyPromise } from "../../participant/index.ts";
import { oddsFromBound, verdictOf } from "../odds.ts";
import type { Odds } from "../odds.ts";
import { oddsWords } from "../words/explain.ts";
import { fill } from "../words/fill.ts";
import type { RunSlots } from "./run-words.ts";

/** A promise by who could break it. */
export type PromiseCase =
  /** Each row is protected, by noise of this device. */
  | { readonly kind: "record"; readonly odds: Odds }
  /** The whole file is protected, by noise of the server. */
  | { readonly kind: "server"; readonly odds: Odds }
  /** The same, and the server sees sums only. */
  | { readonly kind: "masked"; readonly odds: Odds; readonly devices: number }
  /** The same, by noise of which each device adds a share. */
  | { readonly kind: "shared"; readonly odds: Odds }
  | { readonly kind: "none" }
  | { readonly kind: "simulation" };

/** A bar of the picture of odds. */
export interface OddsBar {
  readonly label: string;
  readonly value: number;
  readonly look: "coin" | "run" | "plain";
}

/** The promise as a page shows it. */
export interface PromiseView {
  readonly kind: PromiseCase["kind"];
  readonly title: string;
  /** The question, or, where there are no odds, all that there is to say. */
  readonly text: string;
  /** Null where no number is promised. */
  readonly odds: {
    readonly bars: readonly OddsBar[];
    readonly picture: string;
    readonly foot: string;
    readonly verdict: string;
  } | null;
  readonly notHidden: string;
  /** Of the box that has to be ticked before training; null: no box. */
  readonly box: string | null;
}

/** Which case a run is. */
export function promiseOf({ privacy }: { readonly privacy: PrivacyPromise }): PromiseCase {
  if (privacy.mode === "none") return { kind: "none" };
  if (privacy.isSeeded) return { kind: "simulation" };
  const odds = oddsOf(privacy);
  if (privacy.mode === "record-level") return { kind: "record", odds };
  return { kind: privacy.whoAddsNoise === "clients" ? "shared" : "server", odds };
}

/** The smaller of what the server says and what follows from its epsilon. */
function oddsOf(privacy: Exclude<PrivacyPromise, { mode: "none" }>): Odds {
  const bound = oddsFromBound(privacy);
  const { rightOutOf100, rightBy } = privacy;
  return rightOutOf100 > bound.rightOutOf100
    ? bound
    : { rightOutOf100, isRough: rightBy === "bound" };
}

const titles = {
  record: oddsWords.recordTitle,
  server: oddsWords.userTitle,
  masked: oddsWords.userTitle,
  shared: oddsWords.userTitle,
} as const;

const verdicts = {
  coin: oddsWords.verdictCoin,
  somewhat: oddsWords.verdictSomewhat,
  clearly: oddsWords.verdictClearly,
  little: oddsWords.verdictLittle,
} as const;

/** The words of a promise. */
export function promiseView(promise: PromiseCase, slots: RunSlots): PromiseView {
  const notHidden = fill(oddsWords.notHidden, slots);
  switch (promise.kind) {
    case "none":
      return {
        kind: "none",
        title: oddsWords.noneTitle,
        text: fill(oddsWords.noneText, slots),
        odds: null,
        notHidden,
        box: fill(oddsWords.noneBox, slots),
      };
    case "simulation":
      return {
        kind: "simulation",
        title: oddsWords.simulationTitle,
        text: oddsWords.simulationText,
        odds: null,
        notHidden,
        box: fill(oddsWords.noneBox, slots),
      };
    default:
      return {
        kind: promise.kind,
        title: fill(titles[promise.kind], slots),
        text: fill(
          promise.kind === "record" ? oddsWords.recordQuestion : oddsWords.userQuestion,
          slots,
        ),
        odds: oddsView(promise),
        notHidden,
        box: null,
      };
  }
}

function oddsView(promise: Extract<PromiseCase, { odds: Odds }>): NonNullable<PromiseView["odds"]> {
  const { rightOutOf100, isRough } = promise.odds;
  const right = String(rightOutOf100);
  const verdict = verdicts[verdictOf(promise.odds)];
  return {
    bars: [
      { label: oddsWords.coin, value: 50, look: "coin" },
      { label: oddsWords.run, value: rightOutOf100, look: "run" },
      { label: oddsWords.plain, value: 100, look: "plain" },
    ],
    picture: fill(oddsWords.picture, { right }),
    foot: footOf(promise),
    verdict: isRough ? `${verdict} ${oddsWords.rough}` : verdict,
  };
}

function footOf(promise: Extract<PromiseCase, { odds: Odds }>): string {
  switch (promise.kind) {
    case "record":
      return oddsWords.recordFoot;
    case "server":
      return oddsWords.serverFoot;
    case "masked":
      return fill(oddsWords.maskedFoot, { devices: String(promise.devices) });
    case "shared":
      return oddsWords.sharedFoot;
  }
}

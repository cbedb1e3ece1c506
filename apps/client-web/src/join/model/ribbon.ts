/** All rounds of a run as one ribbon of cells, with a key that counts them. */
import { formatCount } from "@fedtune/figures";
import type { RoundOutcome, SessionReport } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";

/** What became of a round, as the ribbon colours it; in order of what a cell of several rounds shows. */
export const ribbonStates = [
  ...(["now", "refused", "late", "missed", "accepted", "notAsked", "before", "toCome"] as const),
] as const;
/** One of {@link ribbonStates}. */
export type RibbonState = (typeof ribbonStates)[number];

/** A cell: one round, or several where there are many. */
export interface RibbonCell {
  readonly first: number;
  readonly last: number;
  readonly state: RibbonState;
  /** Of the round in progress, 0 to 1. */
  readonly share: number;
}

/** The ribbon. */
export interface RibbonView {
  readonly cells: readonly RibbonCell[];
  /** States that occur, with their counts; `now` is not among them. */
  readonly key: readonly { readonly state: RibbonState; readonly text: string }[];
  /** Said of the whole picture. */
  readonly sentence: string;
  /** One line per cell, for those who cannot see it. */
  readonly list: readonly string[];
}

/** Cells that fit a phone with a gap between them. */
const maxCells = 80;

const words: Readonly<Record<RibbonState, string>> = {
  now: trainWords.stateNow,
  refused: trainWords.stateRefused,
  late: trainWords.stateLate,
  missed: trainWords.stateMissed,
  accepted: trainWords.stateAccepted,
  notAsked: trainWords.stateNotAsked,
  before: trainWords.stateBefore,
  toCome: trainWords.stateToCome,
};

const keyed = ["accepted", "late", "refused", "missed", "notAsked", "before", "toCome"] as const;

/** The ribbon of a session. */
export function ribbonView(session: SessionReport): RibbonView {
  const states = statesOf(session);
  const size = Math.max(1, Math.ceil(states.length / maxCells));
  const share = progressOf(session);
  const cells = Array.from({ length: Math.ceil(states.length / size) }, (_, index) => {
    const first = index * size;
    const members = states.slice(first, first + size);
    const state = ribbonStates.find((wanted) => members.includes(wanted)) ?? "toCome";
    const last = first + members.length;
    return { first: first + 1, last, state, share: state === "now" ? share : 0 };
  });
  const key = keyed.flatMap((state) => {
    const count = states.filter((found) => found === state).length;
    return count === 0
      ? []
      : [{ state, text: fill(trainWords[state], { count: formatCount(count) }) }];
  });
  const now = states.indexOf("now");
  const parts = [
    ...key.filter(({ state }) => state !== "toCome").map(({ text }) => text),
    ...(now === -1 ? [] : [fill(trainWords.nowRound, { round: formatCount(now + 1) })]),
    ...key.filter(({ state }) => state === "toCome").map(({ text }) => text),
  ];
  return {
    cells,
    key,
    sentence: fill(trainWords.ribbon, {
      rounds: formatCount(states.length),
      list: parts.join(", "),
    }),
    list: cells.map(cellText),
  };
}

function statesOf({ rounds, totalRounds, work }: SessionReport): readonly RibbonState[] {
  const known = new Map(rounds.map((outcome) => [outcome.round, outcome]));
  const first = rounds[0]?.round ?? work?.round ?? 1;
  return Array.from({ length: totalRounds }, (_, index) => {
    const round = index + 1;
    if (work?.round === round) return "now";
    const outcome = known.get(round);
    if (outcome !== undefined) return stateOf(outcome);
    return round < first ? "before" : "toCome";
  });
}

/** What became of a round: one that this device could not do counts as missed. */
function stateOf({ result }: RoundOutcome): RibbonState {
  switch (result) {
    case "accepted":
    case "late":
    case "refused":
    case "missed":
      return result;
    case "declined":
      return "missed";
    case "not-asked":
      return "notAsked";
  }
}

/** How far the round at hand is: learning takes nearly all of its time. */
function progressOf({ work }: SessionReport): number {
  if (work === null) return 0;
  if (work.phase === "receive") return 0;
  if (work.phase !== "learn") return 1;
  return work.learn.total === 0 ? 0 : Math.min(1, work.learn.done / work.learn.total);
}

function cellText({ first, last, state }: RibbonCell): string {
  return first === last
    ? fill(trainWords.ribbonItem, { round: formatCount(first), state: words[state] })
    : fill(trainWords.ribbonItems, {
        first: formatCount(first),
        last: formatCount(last),
        state: words[state],
      });
}

/** Everything that this browser keeps, and what deleting it takes away. */
import {
  formatCount,
  formatDate,
  formatDelta,
  formatEpsilon,
  formatHash,
  joinTexts,
} from "@fedtune/figures";
import type { StateLook, Text } from "@fedtune/figures";
import type { Keepings, Membership, PrivacyRecord, StageKind } from "../../participant/index.ts";
import { mineWords } from "../words/done.ts";
import { fill } from "../words/fill.ts";
import { unnamedWords } from "../words/messages.ts";
import { bytesText, hostOf } from "./run-words.ts";
import type { Scene } from "./run-words.ts";

/** A run of this browser. */
export interface MembershipView {
  readonly key: string;
  readonly which: Pick<Membership, "server" | "run">;
  readonly title: string;
  readonly by: string;
  readonly state: StateLook;
  readonly facts: readonly string[];
}

/** A file's privacy record. */
export interface RecordView {
  readonly key: string;
  readonly file: string;
  readonly used: Text;
  readonly runs: string;
}

/** What is kept. */
export interface MinePageView {
  readonly isEmpty: boolean;
  readonly runs: readonly MembershipView[];
  readonly records: readonly RecordView[];
  readonly kept: readonly { readonly term: string; readonly value: string }[];
}

/** The page of everything that this browser keeps. */
export function minePageView(keepings: Keepings, scene: Scene): MinePageView {
  const { memberships, records, modelBytes, fileBytes, ownNumbers } = keepings;
  return {
    isEmpty: memberships.length === 0 && records.length === 0,
    runs: memberships
      .toSorted((a, b) => b.lastAt - a.lastAt)
      .map((run) => membershipView(run, scene)),
    records: records.map(recordView),
    kept: [
      { term: mineWords.keptModels, value: bytesText(modelBytes) },
      { term: mineWords.keptFiles, value: bytesText(fileBytes) },
      { term: mineWords.keptNumbers, value: formatCount(ownNumbers) },
    ],
  };
}

function membershipView(run: Membership, { timeZone }: Scene): MembershipView {
  const { roundsAccepted: done, joinedAt, bytesUp, fileName } = run;
  return {
    key: `${run.server} ${run.run}`,
    which: { server: run.server, run: run.run },
    title: run.title === "" ? run.run : run.title,
    by: fill(mineWords.by, {
      organiser: run.organiser ?? unnamedWords.organiser,
      server: hostOf(run.server),
    }),
    state: stateOf(run.stage),
    facts: [
      ...(fileName === null ? [] : [fileName]),
      done === 1 ? mineWords.roundsOne : fill(mineWords.rounds, { done: formatCount(done) }),
      fill(mineWords.sent, { bytes: bytesText(bytesUp) }),
      fill(mineWords.joined, { date: formatDate(joinedAt, timeZone) }),
    ],
  };
}

const looks = {
  invited: { word: mineWords.stageInvited, icon: "mail", tone: "idle" },
  training: { word: mineWords.stageTraining, icon: "circle", tone: "accent" },
  paused: { word: mineWords.stagePaused, icon: "circle-pause", tone: "idle" },
  left: { word: mineWords.stageLeft, icon: "log-out", tone: "idle" },
  finished: { word: mineWords.stageFinished, icon: "check", tone: "ok" },
  refused: { word: mineWords.stageRefused, icon: "ban", tone: "bad" },
  failed: { word: mineWords.stageFailed, icon: "octagon-x", tone: "bad" },
} as const satisfies Record<string, StateLook>;

function stateOf(stage: StageKind): StateLook {
  switch (stage) {
    case "starting":
    case "training":
    case "elsewhere":
      return looks.training;
    case "paused":
    case "left":
    case "finished":
    case "refused":
    case "failed":
      return looks[stage];
    default:
      return looks.invited;
  }
}

function recordView({ dataset, fileName, delta, spent, runs }: PrivacyRecord): RecordView {
  return {
    key: `${dataset} ${delta}`,
    file: fileName ?? fill(mineWords.recordUnnamed, { hash: formatHash(dataset) }),
    used: joinTexts(
      fill(mineWords.recordValue, { spent: formatEpsilon(spent) }),
      formatDelta(delta),
    ),
    runs: formatCount(runs.length),
  };
}

/** What deleting takes away, in numbers; the privacy records may stay. */
export function deletionText(
  keepings: Keepings | null,
  { keepRecords }: { readonly keepRecords: boolean },
): string {
  if (keepings === null) return mineWords.deleteUnknown;
  const { ownNumbers } = keepings;
  const numbers =
    ownNumbers === 0
      ? mineWords.deleteLearned
      : fill(mineWords.deleteNumbers, { numbers: formatCount(ownNumbers) });
  const amount = keepings.records.length;
  const count = { count: formatCount(amount) };
  if (keepRecords)
    return fill(mineWords.deleteEffectKeep, {
      numbers,
      records: byNumber(amount, {
        none: mineWords.keepNoneStay,
        one: mineWords.keepOneStays,
        many: fill(mineWords.keepManyStay, count),
      }),
    });
  return fill(mineWords.deleteEffect, {
    numbers,
    records: byNumber(amount, {
      none: mineWords.recordsNone,
      one: mineWords.recordsOne,
      many: fill(mineWords.recordsMany, count),
    }),
  });
}

function byNumber(
  amount: number,
  words: { readonly none: string; readonly one: string; readonly many: string },
): string {
  if (amount === 0) return words.none;
  return amount === 1 ? words.one : words.many;
}

/** Step 1: everything that the page says before anything happens. */
import {
  formatCount,
  formatDelta,
  formatEpsilon,
  formatEstimate,
  formatSignificant,
  joinTexts,
} from "@fedtune/figures";
import type { Text } from "@fedtune/figures";
import type { Invitation, Road, Settings } from "../../participant/index.ts";
import { borderWords, expertWords, explainWords } from "../words/explain.ts";
import { fill } from "../words/fill.ts";
import { withArticle } from "../words/nouns.ts";
import { nounsOf } from "../words/nouns.ts";
import { budgetView } from "./budget.ts";
import type { BudgetView } from "./budget.ts";
import { contactLink } from "./messages.ts";
import { promiseOf, promiseView } from "./promise.ts";
import type { PromiseView } from "./promise.ts";
import { trainedFold } from "./trained.ts";
import {
  bytesText,
  hostOf,
  isLanguage,
  lastDay,
  roundsToCome,
  runSlots,
  wholeRunBytes,
} from "./run-words.ts";
import type { Scene } from "./run-words.ts";

/** A thing that stays or leaves. `text` and `note` may hold `**bold**` parts. */
export interface BorderItem {
  readonly icon: "file" | "split" | "record" | "leaves" | "facts";
  readonly text: string;
  readonly note: string;
}

/** What stays, what leaves, what comes in. */
export interface BorderView {
  readonly leaves: string;
  readonly staying: readonly BorderItem[];
  readonly leaving: readonly BorderItem[];
  readonly total: string;
  readonly foot: string;
}

/** A term with its value, as in a list of facts. */
export interface Fact {
  readonly term: string;
  readonly value: Text;
  /** A second line. */
  readonly note?: string;
  readonly href?: string;
  readonly isCode?: boolean;
  readonly isPlain?: boolean;
}

/** Something for experts, folded away. */
export interface Fold {
  readonly title: string;
  readonly tag: Text;
  readonly facts: readonly Fact[];
  /** Lines as the program wrote them; empty: none. */
  readonly lines: readonly string[];
}

/** All of step 1. */
export interface ExplainView {
  readonly title: string;
  readonly lead: string;
  readonly description: { readonly intro: string; readonly text: string } | null;
  readonly phoneFacts: string;
  readonly border: BorderView;
  readonly promise: PromiseView;
  readonly budget: BudgetView | null;
  readonly who: readonly Fact[];
  readonly folds: readonly Fold[];
}

/** What a device says in a round beside its update; measured: 900 B, and 95 B for every 5 s of training. */
const receiptBytes = 2000;

/** Step 1 as its page shows it. */
export function explainView(
  road: Road,
  settings: Pick<Settings, "budgetEpsilon">,
  scene: Scene,
): ExplainView {
  const { invitation } = road;
  const slots = runSlots(invitation);
  const promise = promiseOf(invitation);
  const day = lastDay(invitation, scene);
  return {
    title: invitation.title.trim() === "" ? explainWords.fallbackTitle : invitation.title,
    lead: fill(explainWords.lead, slots),
    description:
      invitation.description === null || invitation.description.trim() === ""
        ? null
        : {
            intro: fill(explainWords.organiserSays, slots),
            text: invitation.description,
          },
    phoneFacts:
      day === null
        ? fill(explainWords.phoneFactsOpen, slots)
        : fill(explainWords.phoneFacts, { ...slots, date: day }),
    border: borderView(invitation),
    promise: promiseView(promise, slots),
    budget: budgetView(invitation, road.privacy, settings),
    who: whoAsks(road, scene),
    folds: [expertFold(road), trainedFold(invitation)],
  };
}

/** What stays and what leaves. */
export function borderView(invitation: Invitation): BorderView {
  const slots = runSlots(invitation);
  const { numbers, bytes, model } = invitation;
  const stays = numbers.stays > 0;
  const fileNote = isLanguage(invitation) ? borderWords.fileNotePlain : borderWords.fileNote;
  const count = { numbers: formatCount(numbers.stays) };
  return {
    leaves: fill(borderWords.leaves, { rounds: formatCount(roundsToCome(invitation)) }),
    staying: [
      { icon: "file", text: borderWords.file, note: fill(fileNote, slots) },
      ...(stays
        ? [
            {
              icon: "split",
              text: borderWords.personal,
              note: fill(borderWords.personalNote, { ...slots, ...count }),
            } as const,
          ]
        : []),
      { icon: "record", text: borderWords.record, note: borderWords.recordNote },
    ],
    leaving: [
      {
        icon: "leaves",
        text: fill(borderWords.perRound, { bytes: bytesText(bytes.upPerRound) }),
        note: fill(leavingNote(invitation), { numbers: formatCount(numbers.leaves) }),
      },
      {
        icon: "facts",
        text: fill(borderWords.facts, { bytes: bytesText(receiptBytes) }),
        note: borderWords.factsNote,
      },
    ],
    total: fill(borderWords.atMost, { bytes: bytesText(wholeRunBytes(invitation)) }),
    foot: `${fill(borderWords.comesIn, {
      model: bytesText(model.bytes),
      down: bytesText(bytes.downPerRound),
    })} ${fill(borderWords.nobody, { ...slots, subject: withArticle(nounsOf(invitation).subject) })}`,
  };
}

function leavingNote({ privacy }: Invitation) {
  if (privacy.mode === "none") return borderWords.notePlain;
  return privacy.whoAddsNoise === "coordinator"
    ? borderWords.noteServerNoise
    : borderWords.noteNoise;
}

function whoAsks({ invitation, device }: Road, scene: Scene): readonly Fact[] {
  const slots = runSlots(invitation);
  const { organiserContact } = invitation;
  const href = contactLink(organiserContact, slots.run);
  const seconds = device.kind === "fit" ? device.facts.roundSeconds : null;
  return [
    {
      term: explainWords.invitedBy,
      value: slots.organiser,
      ...(organiserContact === null ? {} : { note: organiserContact }),
      ...(href === null ? {} : { href }),
    },
    { term: explainWords.server, value: hostOf(invitation.server), isCode: true },
    { term: explainWords.openUntil, value: lastDay(invitation, scene) ?? explainWords.alwaysOpen },
    {
      term: explainWords.time,
      value:
        seconds === null
          ? explainWords.timeUnknown
          : fill(explainWords.timeKnown, {
              work: formatEstimate(seconds * 1000 * roundsToCome(invitation)),
            }),
    },
    { term: explainWords.youCan, value: explainWords.leaving, isPlain: true },
  ];
}

function expertFold({ invitation, privacy: standing }: Road): Fold {
  const { privacy } = invitation;
  const slots = runSlots(invitation);
  const lines =
    standing === null ? [] : standing.guarantee.split("\n").filter((line) => line !== "");
  if (privacy.mode === "none") {
    const facts = [{ term: expertWords.noiseBy, value: expertWords.noiseByNobody }];
    return { title: expertWords.title, tag: expertWords.tagNone, facts, lines };
  }
  const { epsilon, delta, noiseMultiplier, clipNorm, samplingRate, steps, warnings } = privacy;
  const isRecord = privacy.mode === "record-level";
  return {
    title: expertWords.title,
    tag: joinTexts(fill(expertWords.tag, { epsilon: formatEpsilon(epsilon) }), formatDelta(delta)),
    facts: [
      {
        term: expertWords.unit,
        value: fill(isRecord ? expertWords.unitRecord : expertWords.unitUser, slots),
      },
      { term: expertWords.relation, value: privacy.relation },
      {
        term: expertWords.sampling,
        value:
          samplingRate === null
            ? expertWords.samplingAll
            : fill(expertWords.samplingRate, { rate: formatSignificant(samplingRate, 4) }),
      },
      { term: expertWords.steps, value: formatCount(steps) },
      { term: expertWords.noiseBy, value: noiseBy(privacy), note: privacy.trusted },
      { term: expertWords.released, value: privacy.released.join(", ") },
      { term: expertWords.epsilon, value: formatEpsilon(epsilon) },
      { term: expertWords.delta, value: formatDelta(delta) },
      { term: expertWords.noiseMultiplier, value: formatSignificant(noiseMultiplier, 4) },
      { term: expertWords.clipNorm, value: formatSignificant(clipNorm, 4) },
      { term: expertWords.accountant, value: accountantText(privacy) },
      { term: expertWords.right, value: String(privacy.rightOutOf100) },
    ],
    lines: [...warnings, ...lines],
  };
}

type Promised = Exclude<Invitation["privacy"], { mode: "none" }>;

function noiseBy({ mode, whoAddsNoise }: Promised): string {
  if (whoAddsNoise === "coordinator") return expertWords.noiseByServer;
  return mode === "record-level" ? expertWords.noiseByDevice : expertWords.noiseByDevices;
}

function accountantText({ accountant, accountantParameters }: Promised): string {
  const parameters = Object.entries(accountantParameters).map(
    ([name, value]) => `${name} ${typeof value === "number" ? formatSignificant(value, 4) : value}`,
  );
  return [accountant, ...parameters].join(", ");
}

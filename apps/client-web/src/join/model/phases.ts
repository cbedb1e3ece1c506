/** The phases of the round at hand. */
import { formatCount, formatDuration, formatPercent } from "@fedtune/figures";
import type { RoundPhase, RoundWork } from "../../participant/index.ts";
import { roundPhases } from "../../participant/session-report.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import { bytesText } from "./run-words.ts";

/** A phase as a bar with a name. */
export interface PhaseView {
  readonly phase: RoundPhase;
  readonly name: string;
  readonly note: string;
  readonly state: "done" | "now" | "next";
  /** 0 to 1; null: under way, nobody knows how far. */
  readonly share: number | null;
}

/** All phases. */
export interface PhasesView {
  readonly phases: readonly PhaseView[];
  /** "step 37 of 58"; null before the number of steps is known. */
  readonly step: string | null;
  /** What a progress bar says of itself. */
  readonly valueText: string;
  /** One line with `**bold**` parts, where bars have no room for names. */
  readonly phoneText: string;
}

/** What the notes of phases need. */
export interface PhaseFacts {
  readonly upBytes: number;
  readonly subjects: string;
}

/** The phases of a round. */
export function phasesView(work: RoundWork, facts: PhaseFacts): PhasesView {
  const order = roundPhases.filter((phase) => phase !== "protect" || work.addsNoise);
  const at = order.indexOf(work.phase);
  const phases = order.map((phase, index): PhaseView => {
    const state = index < at ? "done" : index === at ? "now" : "next";
    const share = state === "done" ? 1 : state === "next" ? 0 : shareOf(work);
    return {
      phase,
      name: nameOf(phase, state === "now" ? work : null),
      note: noteOf(phase, work, facts),
      state,
      share,
    };
  });
  const { done, total } = work.learn;
  const counts = { done: formatCount(done), total: formatCount(total) };
  const isLearning = work.phase === "learn" && total > 0;
  return {
    phases,
    step: total > 0 ? fill(trainWords.step, counts) : null,
    valueText: isLearning
      ? fill(trainWords.stepValue, counts)
      : fill(trainWords.phaseValue, { phase: nameOf(work.phase, null) }),
    phoneText: phoneText(work, order.slice(at + 1), facts),
  };
}

function shareOf({ phase, learn }: RoundWork): number | null {
  if (phase !== "learn") return null;
  return learn.total === 0 ? 0 : Math.min(1, learn.done / learn.total);
}

const names = {
  receive: trainWords.phaseReceive,
  learn: trainWords.phaseLearn,
  protect: trainWords.phaseProtect,
  send: trainWords.phaseSend,
  confirm: trainWords.phaseConfirm,
} as const satisfies Record<RoundPhase, string>;

function nameOf(phase: RoundPhase, work: RoundWork | null): string {
  const share = work === null ? null : shareOf(work);
  return phase === "learn" && share !== null
    ? fill(trainWords.phaseLearnAt, { percent: formatPercent(share, 0) })
    : names[phase];
}

function noteOf(phase: RoundPhase, work: RoundWork, facts: PhaseFacts): string {
  switch (phase) {
    case "receive": {
      const { bytes, seconds } = work.receive;
      // The first adapter is drawn here, from the run's seed.
      if (bytes === 0) return trainWords.noteReceiveNothing;
      return seconds === null
        ? bytesText(bytes)
        : fill(trainWords.noteReceive, {
            bytes: bytesText(bytes),
            time: formatDuration(1000 * seconds),
          });
    }
    case "learn":
      return work.learn.total === 0
        ? fill(trainWords.noteLearnPlain, facts)
        : fill(trainWords.noteLearn, { ...facts, steps: formatCount(work.learn.total) });
    case "protect":
      return trainWords.noteProtect;
    case "send":
      return bytesText(work.send.bytes ?? facts.upBytes);
    case "confirm":
      return trainWords.noteConfirm;
  }
}

function phoneText(work: RoundWork, next: readonly RoundPhase[], facts: PhaseFacts): string {
  const share = shareOf(work);
  const now =
    share === null
      ? names[work.phase]
      : fill(trainWords.phaseLearnPhone, { percent: formatPercent(share, 0) });
  if (next.length === 0) return fill(trainWords.phonePhaseLast, { now });
  const then = next.map((phase) => thenText(phase, work, facts)).join(", ");
  return fill(trainWords.phonePhase, { now, then });
}

function thenText(phase: RoundPhase, work: RoundWork, { upBytes }: PhaseFacts): string {
  switch (phase) {
    case "receive":
      return fill(trainWords.thenReceive, { bytes: bytesText(work.receive.bytes) });
    case "learn":
      return trainWords.thenLearn;
    case "protect":
      return trainWords.thenProtect;
    case "send":
      return fill(trainWords.thenSend, { bytes: bytesText(work.send.bytes ?? upBytes) });
    case "confirm":
      return trainWords.thenConfirm;
  }
}

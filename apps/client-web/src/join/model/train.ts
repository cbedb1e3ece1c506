/** Step 4: what this device is doing, what has left it, what it costs. */
import {
  formatCount,
  formatDuration,
  formatEpsilon,
  formatEpsilonLeft,
  formatEstimate,
  formatPercent,
} from "@fedtune/figures";
import type {
  Effort,
  ParticipantSnapshot,
  PausedBy,
  Road,
  RoundWork,
  Stage,
} from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { trainWords } from "../words/train.ts";
import { curveView } from "./curve.ts";
import type { CurveView } from "./curve.ts";
import { backendText } from "./device.ts";
import { rateText } from "./file.ts";
import { stageMessages } from "./notices.ts";
import type { Message } from "./messages.ts";
import { phasesView } from "./phases.ts";
import type { PhasesView } from "./phases.ts";
import { ribbonView } from "./ribbon.ts";
import type { RibbonView } from "./ribbon.ts";
import { bytesText, runSlots } from "./run-words.ts";
import type { Scene } from "./run-words.ts";
import { logLines } from "./transfers.ts";
import type { LogLine } from "./transfers.ts";

/** Stages of step 4. */
export type TrainStage = Extract<
  Stage,
  { kind: "starting" | "training" | "paused" | "elsewhere" | "failed" }
>;

/** A key figure with a line below; `share` draws a meter. */
export interface TrainFigure {
  readonly value: string;
  readonly of?: string;
  readonly note?: string;
  readonly share?: number;
  readonly picture?: string;
}

/** What this device is and may do. */
export interface DeviceCardView {
  readonly backend: string | null;
  readonly speed: string;
  readonly memory: string | null;
  readonly effort: Effort;
  readonly effortNote: string;
  readonly onlyOnMains: boolean;
  readonly canTellMains: boolean;
  readonly keepScreenOn: boolean;
}

/** What the main button does. */
export type TrainAction = "pause" | "resume" | "retry" | "take-over";

/** Step 4. */
export interface TrainPageView {
  readonly pill: {
    readonly word: string;
    readonly tone: "accent" | "idle" | "wait" | "bad";
    readonly icon: "cpu" | "pause" | "hourglass" | "stop";
  };
  /** For the document's title: the state first. */
  readonly state: string;
  readonly subtitle: string;
  readonly title: string;
  readonly lead: string;
  readonly messages: readonly Message[];
  readonly left: string;
  readonly ribbon: RibbonView;
  readonly phases: PhasesView | null;
  readonly sent: TrainFigure;
  readonly privacy: TrainFigure;
  readonly here: TrainFigure;
  readonly curve: CurveView;
  readonly log: readonly LogLine[];
  readonly device: DeviceCardView;
  readonly action: TrainAction;
  readonly canLeave: boolean;
  readonly leaveText: string;
}

/** Step 4 as its page shows it. */
export function trainPageView(
  stage: TrainStage,
  snapshot: Pick<ParticipantSnapshot, "settings" | "power" | "failure">,
  scene: Scene,
): TrainPageView {
  const { invitation, session } = stage;
  const slots = runSlots(invitation);
  const head = headOf(stage, snapshot, scene);
  const { work } = session;
  const isAtWork = work !== null && (stage.kind === "training" || stage.kind === "elsewhere");
  return {
    ...head,
    subtitle: invitation.title,
    messages: stageMessages(stage, snapshot, scene),
    left:
      session.secondsLeft === null
        ? trainWords.leftLater
        : fill(trainWords.left, { span: formatEstimate(1000 * session.secondsLeft) }),
    ribbon: ribbonView(session),
    phases: isAtWork
      ? phasesView(work, { upBytes: invitation.bytes.upPerRound, subjects: slots.subjects })
      : null,
    sent: sentFigure(stage),
    privacy: privacyFigure(stage),
    here: hereFigure(stage),
    curve: curveView(stage),
    log: logLines(session, scene),
    device: deviceCard(stage, snapshot),
    action: actionOf(stage),
    canLeave: stage.kind !== "elsewhere",
    leaveText: leaveText(stage),
  };
}

type Head = Pick<TrainPageView, "pill" | "state" | "title" | "lead">;

const pills = {
  training: { word: trainWords.pillTraining, tone: "accent", icon: "cpu" },
  waiting: { word: trainWords.pillWaiting, tone: "idle", icon: "hourglass" },
  starting: { word: trainWords.pillStarting, tone: "accent", icon: "cpu" },
  paused: { word: trainWords.pillPaused, tone: "idle", icon: "pause" },
  elsewhere: { word: trainWords.pillElsewhere, tone: "wait", icon: "hourglass" },
  stopped: { word: trainWords.pillStopped, tone: "bad", icon: "stop" },
} as const satisfies Record<string, TrainPageView["pill"]>;

function headOf(
  stage: TrainStage,
  { power }: Pick<ParticipantSnapshot, "power">,
  scene: Scene,
): Head {
  switch (stage.kind) {
    case "starting":
      return head("starting", trainWords.titleStarting, trainWords.leadStarting);
    case "paused":
      return head("paused", trainWords.titlePaused, pausedLead(stage.by, power.charge));
    case "elsewhere":
      return head("elsewhere", trainWords.titleElsewhere, trainWords.leadElsewhere);
    case "failed":
      return head("stopped", trainWords.titleStopped, trainWords.leadStopped);
    case "training":
      return trainingHead(stage, scene);
  }
}

function head(pill: keyof typeof pills, title: string, lead: string): Head {
  return { pill: pills[pill], state: pills[pill].word, title, lead };
}

function pausedLead(by: PausedBy, charge: number | null): string {
  if (by === "holder") return trainWords.leadPaused;
  if (by === "mains-wanted") return trainWords.leadPausedMains;
  return charge === null
    ? trainWords.leadPausedBatteryPlain
    : fill(trainWords.leadPausedBattery, { percent: formatPercent(charge, 0) });
}

function trainingHead({ session, invitation, file }: Road, scene: Scene): Head {
  const { work, totalRounds } = session;
  if (work === null) return head("waiting", trainWords.titleWaiting, trainWords.leadWaiting);
  const slots = runSlots(invitation);
  const rounds = { round: formatCount(work.round), rounds: formatCount(totalRounds) };
  return {
    pill: pills.training,
    state: fill(trainWords.stateRound, rounds),
    title: workTitle(work, { ...slots, ...rounds, rows: rowsText(file) }),
    lead: workLead(work, { ...slots, nowMs: scene.nowMs }),
  };
}

function workTitle(
  { phase }: RoundWork,
  slots: {
    readonly round: string;
    readonly rounds: string;
    readonly subjects: string;
    readonly rows: string | null;
  },
): string {
  switch (phase) {
    case "receive":
      return fill(trainWords.titleReceiving, slots);
    case "learn":
      return slots.rows === null
        ? fill(trainWords.titleLearningPlain, slots)
        : fill(trainWords.titleLearning, { ...slots, rows: slots.rows });
    case "protect":
      return fill(trainWords.titleNoise, slots);
    case "send":
      return fill(trainWords.titleSending, slots);
    case "confirm":
      return fill(trainWords.titleConfirming, slots);
  }
}

function workLead(
  work: RoundWork,
  slots: { readonly subject: string; readonly subjects: string; readonly nowMs: number },
): string {
  switch (work.phase) {
    case "receive":
      return fill(trainWords.leadReceiving, { ...slots, bytes: bytesText(work.receive.bytes) });
    case "learn":
      return learningLead(work, slots.nowMs);
    case "protect":
      return trainWords.leadNoise;
    case "send":
      return work.send.bytes === null
        ? fill(trainWords.leadSendingPlain, slots)
        : fill(trainWords.leadSending, { ...slots, bytes: bytesText(work.send.bytes) });
    case "confirm":
      return trainWords.leadConfirming;
  }
}

/** Less than a sixth of the time to spare is close. */
function learningLead({ learn, closesAt }: RoundWork, nowMs: number): string {
  const openMs = closesAt - nowMs;
  const open = formatDuration(Math.max(0, Math.round(openMs / 1000)) * 1000);
  if (learn.secondsLeft === null) return fill(trainWords.leadLearningUnknown, { open });
  const leftMs = 1000 * learn.secondsLeft;
  const left = formatEstimate(leftMs);
  if (openMs <= 0) return fill(trainWords.leadLearningOpen, { left });
  const isTight = leftMs * 1.15 > openMs;
  return fill(isTight ? trainWords.leadLearningTight : trainWords.leadLearning, { left, open });
}

function rowsText(file: Road["file"]): string | null {
  return file.kind === "usable" ? formatCount(file.facts.usedRows) : null;
}

function sentFigure({ session, invitation }: Road): TrainFigure {
  const { subject } = runSlots(invitation);
  const updates = session.transfers.filter(
    ({ direction, what }) => direction === "up" && what === "update",
  );
  const value = bytesText(session.bytesUp);
  const first = updates[0];
  if (first === undefined) return { value, note: fill(trainWords.sentNothing, { subject }) };
  const times = formatCount(updates.length);
  const isEven = updates.every(({ bytes }) => bytes === first.bytes);
  return {
    value,
    note: isEven
      ? fill(trainWords.sentNote, { times, bytes: bytesText(first.bytes), subject })
      : fill(trainWords.sentNoteMixed, { times, subject }),
  };
}

/** By this device's own record where there is one, else what the run says of its end. */
export function privacyFigure({ invitation, privacy: standing }: Road): TrainFigure {
  const { privacy } = invitation;
  if (privacy.mode === "none" || privacy.isSeeded) return { value: trainWords.privacyNone };
  if (standing === null)
    return { value: formatEpsilon(privacy.epsilon), note: trainWords.privacyAtEnd };
  const used = formatEpsilon(standing.spentHere);
  const limit = formatEpsilonLeft(privacy.epsilon);
  return {
    value: used,
    of: fill(trainWords.privacyOf, { limit }),
    share: Math.min(1, standing.spentHere / privacy.epsilon),
    picture: fill(trainWords.privacyMeter, { used, limit }),
  };
}

function hereFigure({ file, invitation }: Road): TrainFigure {
  const { subject } = nounsOf(invitation);
  const { stays } = invitation.numbers;
  const rows = file.kind === "usable" ? file.facts.usedRows : null;
  return {
    value:
      rows === null
        ? fill(trainWords.hereValuePlain, { subjects: subject.many })
        : fill(trainWords.hereValue, {
            rows: formatCount(rows),
            subjects: inNumber(rows, subject),
          }),
    note:
      stays > 0
        ? fill(trainWords.hereNote, { numbers: formatCount(stays) })
        : trainWords.hereNotePlain,
  };
}

const effortNotes = {
  gentle: trainWords.gentleNote,
  normal: trainWords.normalNote,
  full: trainWords.fullNote,
} as const;

function deviceCard(
  { device, session }: Road,
  { settings, power }: Pick<ParticipantSnapshot, "settings" | "power">,
): DeviceCardView {
  const facts = device.kind === "fit" ? device.facts : null;
  const rate = session.stepsPerSecond ?? facts?.stepsPerSecond ?? null;
  return {
    backend: facts === null ? null : backendText(facts.backend, facts),
    speed:
      rate === null ? trainWords.speedLater : fill(trainWords.speedValue, { rate: rateText(rate) }),
    memory: facts === null ? null : bytesText(facts.memory.neededBytes),
    effort: settings.effort,
    effortNote: effortNotes[settings.effort],
    onlyOnMains: settings.onlyOnMains,
    canTellMains: power.source !== "unknown",
    keepScreenOn: settings.keepScreenOn,
  };
}

function actionOf({ kind }: TrainStage): TrainAction {
  switch (kind) {
    case "starting":
    case "training":
      return "pause";
    case "paused":
      return "resume";
    case "elsewhere":
      return "take-over";
    case "failed":
      return "retry";
  }
}

function leaveText({ session, invitation }: Road): string {
  const bytes = bytesText(session.bytesUp);
  const { stays } = invitation.numbers;
  return stays > 0
    ? fill(trainWords.leaveText, { bytes, numbers: formatCount(stays) })
    : fill(trainWords.leaveTextPlain, { bytes });
}

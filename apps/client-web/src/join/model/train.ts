/** Step 4: what this device is doing, what has left it, what it costs. */
import { formatCount, formatEstimate } from "@fedtune/figures";
import type { Effort, ParticipantSnapshot, Road, Stage } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
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
import { headOf } from "./train-head.ts";
import { hereFigure, privacyFigure, sentFigure } from "./train-figures.ts";
import type { TrainFigure } from "./train-figures.ts";
import { logLines } from "./transfers.ts";
import type { LogLine } from "./transfers.ts";

/** Stages of step 4. */
export type TrainStage = Extract<
  Stage,
  { kind: "starting" | "training" | "paused" | "elsewhere" | "failed" }
>;

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

/** What step 4 says first: what this device is doing, and for how long. */
import { formatCount, formatDuration, formatEstimate, formatPercent } from "@fedtune/figures";
import type { ParticipantSnapshot, PausedBy, Road, RoundWork } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import { bytesText, runSlots } from "./run-words.ts";
import type { Scene } from "./run-words.ts";
import type { TrainPageView, TrainStage } from "./train.ts";

type Head = Pick<TrainPageView, "pill" | "state" | "title" | "lead">;

const pills = {
  training: { word: trainWords.pillTraining, tone: "accent", icon: "cpu" },
  waiting: { word: trainWords.pillWaiting, tone: "idle", icon: "hourglass" },
  starting: { word: trainWords.pillStarting, tone: "accent", icon: "cpu" },
  paused: { word: trainWords.pillPaused, tone: "idle", icon: "pause" },
  elsewhere: { word: trainWords.pillElsewhere, tone: "wait", icon: "hourglass" },
  stopped: { word: trainWords.pillStopped, tone: "bad", icon: "stop" },
} as const satisfies Record<string, TrainPageView["pill"]>;

/** Pill, title and lead of a stage. */
export function headOf(
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
      return work.receive.bytes === 0
        ? fill(trainWords.leadReceivingNothing, slots)
        : fill(trainWords.leadReceiving, { ...slots, bytes: bytesText(work.receive.bytes) });
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

/** Everything that this device has sent, and the rounds in which it sent nothing. */
import { formatInstant } from "@fedtune/figures";
import type {
  MissedBecause,
  RoundOutcome,
  SessionReport,
  Transfer,
} from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import { refusalReason } from "./messages.ts";
import { bytesText } from "./run-words.ts";
import type { Scene } from "./run-words.ts";

/** A line of the list. */
export interface LogLine {
  readonly key: string;
  readonly time: string;
  readonly what: string;
  readonly bytes: string;
  readonly result: string;
  /** The same for narrow screens. */
  readonly short: string;
  readonly tone: "ok" | "bad" | "wait" | "idle";
}

/** The list, the latest first; receipts and device facts are one line at its end. */
export function logLines(
  session: Pick<SessionReport, "rounds" | "transfers" | "messageBytesUp">,
  scene: Scene,
): readonly LogLine[] {
  const { rounds, transfers, messageBytesUp } = session;
  const settled = new Set(rounds.map(({ round }) => round));
  const sent = transfers.filter(({ direction }) => direction === "up");
  const lines = [
    ...rounds
      .filter(({ result }) => result !== "not-asked")
      .map((outcome) => ({
        at: outcome.at,
        line: outcomeLine(outcome, scene),
      })),
    ...sent
      .filter(({ what, round }) => what !== "update" || round === null || !settled.has(round))
      .map((transfer) => ({ at: transfer.at, line: transferLine(transfer, scene) })),
  ];
  const ordered = lines.toSorted((a, b) => b.at - a.at).map(({ line }) => line);
  return messageBytesUp === 0 ? ordered : [...ordered, messagesLine(messageBytesUp)];
}

function outcomeLine(outcome: RoundOutcome, scene: Scene): LogLine {
  return {
    key: `round ${outcome.round}`,
    time: formatInstant(outcome.at, scene),
    what: fill(trainWords.logRoundOf, { round: String(outcome.round) }),
    bytes: bytesText(outcome.bytes),
    ...resultOf(outcome),
  };
}

function transferLine({ at, what, round, bytes }: Transfer, scene: Scene): LogLine {
  const isUpdate = what === "update" && round !== null;
  return {
    key: `${what} ${String(round)} ${at}`,
    time: formatInstant(at, scene),
    what: isUpdate ? fill(trainWords.logRoundOf, { round: String(round) }) : trainWords.logJoined,
    bytes: bytesText(bytes),
    result: isUpdate ? trainWords.resultWaiting : trainWords.resultSent,
    short: isUpdate ? trainWords.shortWaiting : trainWords.resultSent,
    tone: isUpdate ? "idle" : "ok",
  };
}

const messagesLine = (bytes: number): LogLine => ({
  key: "messages",
  time: "",
  what: trainWords.logMessages,
  bytes: bytesText(bytes),
  result: trainWords.logMessagesResult,
  short: trainWords.logMessagesResult,
  tone: "idle",
});

const missedWords: Readonly<Record<MissedBecause, readonly [result: string, short: string]>> = {
  asleep: [trainWords.resultAsleep, trainWords.shortAsleep],
  offline: [trainWords.resultOffline, trainWords.shortOffline],
  paused: [trainWords.resultPaused, trainWords.shortPaused],
  closed: [trainWords.resultClosed, trainWords.shortClosed],
  slow: [trainWords.resultSlow, trainWords.shortSlow],
  "called-off": [trainWords.resultCalledOff, trainWords.shortCalledOff],
};

function resultOf(outcome: RoundOutcome): Pick<LogLine, "result" | "short" | "tone"> {
  const { result, because, code } = outcome;
  switch (result) {
    case "accepted":
      return { result: trainWords.resultAccepted, short: trainWords.resultAccepted, tone: "ok" };
    case "late":
      return { result: trainWords.resultLate, short: trainWords.shortLate, tone: "wait" };
    case "refused": {
      const reason = code === null ? undefined : refusalReason({ code });
      const text =
        reason === undefined
          ? trainWords.resultRefusedPlain
          : fill(trainWords.resultRefused, { reason });
      return { result: text, short: trainWords.shortRefused, tone: "bad" };
    }
    case "declined":
      return { result: trainWords.resultDeclined, short: trainWords.shortMissed, tone: "idle" };
    case "missed":
    case "not-asked": {
      const plain = [trainWords.resultMissed, trainWords.shortMissed] as const;
      const [text, short] = because === null ? plain : missedWords[because];
      return { result: text, short, tone: "idle" };
    }
  }
}

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
    tone: "idle",
  };
}

const messagesLine = (bytes: number): LogLine => ({
  key: "messages",
  time: "",
  what: trainWords.logMessages,
  bytes: bytesText(bytes),
  result: trainWords.logMessagesResult,
  tone: "idle",
});

const missedWords: Readonly<Record<MissedBecause, string>> = {
  asleep: trainWords.resultAsleep,
  offline: trainWords.resultOffline,
  paused: trainWords.resultPaused,
  closed: trainWords.resultClosed,
  slow: trainWords.resultSlow,
  "called-off": trainWords.resultCalledOff,
};

function resultOf({ result, because, code }: RoundOutcome): Pick<LogLine, "result" | "tone"> {
  switch (result) {
    case "accepted":
      return { result: trainWords.resultAccepted, tone: "ok" };
    case "late":
      return { result: trainWords.resultLate, tone: "wait" };
    case "refused": {
      const reason = code === null ? undefined : refusalReason({ code });
      const text =
        reason === undefined
          ? trainWords.resultRefusedPlain
          : fill(trainWords.resultRefused, { reason });
      return { result: text, tone: "bad" };
    }
    case "declined":
      return { result: trainWords.resultDeclined, tone: "idle" };
    case "missed":
    case "not-asked":
      return {
        result: because === null ? trainWords.resultMissed : missedWords[because],
        tone: "idle",
      };
  }
}

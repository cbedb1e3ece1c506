/** Messages that stand on the training page until they are solved: what failed, what was dealt with by itself. */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEpsilon,
  formatEpsilonLeft,
} from "@fedtune/figures";
import type { ErrorData } from "@fedtune/core";
import type { ParticipantSnapshot, Problem, Road } from "../../participant/index.ts";
import { message, messageOfError } from "./messages.ts";
import type { Message, MessageFacts } from "./messages.ts";
import { lastDay, runSlots } from "./run-words.ts";
import type { Scene } from "./run-words.ts";
import type { TrainStage } from "./train.ts";

/** Messages of a stage, the most urgent first. */
export function stageMessages(
  stage: TrainStage,
  { failure }: Pick<ParticipantSnapshot, "failure">,
  scene: Scene,
): readonly Message[] {
  const failed = stage.kind === "failed" ? [stage.problem] : [];
  const problems = [...failed, ...(failure === null ? [] : [failure.problem])];
  return [
    ...problems.map((problem) => messageOfProblem(problem, stage, scene)),
    ...connectionMessage(stage, scene),
    ...noticeMessages(stage),
  ];
}

/** The message for a problem, with the facts that the run and the error give. */
export function messageOfProblem(
  problem: Pick<Problem, "code" | "data">,
  road: Pick<Road, "invitation">,
  scene: Scene,
): Message {
  const { organiser, server } = runSlots(road.invitation);
  const date = lastDay(road.invitation, scene);
  return messageOfError(problem, {
    organiser,
    server,
    ...(date === null ? {} : { date }),
    ...factsOf(problem.data),
  });
}

/** What an error's data say, as they are shown; numbers of other names stay out. */
export function factsOf(data: ErrorData): MessageFacts {
  const number = (name: string): number | null => {
    const value = data[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  };
  const shown = (name: string, format: (value: number) => string): MessageFacts => {
    const value = number(name);
    return value === null ? {} : { [name]: format(value) };
  };
  const needed = number("neededBytes");
  return {
    ...shown("spent", formatEpsilon),
    ...shown("budget", formatEpsilonLeft),
    ...shown("norm", formatCount),
    ...shown("limit", formatCount),
    ...shown("bytes", (bytes) => formatBytes(bytes, "prose")),
    ...shown("line", formatCount),
    ...(typeof data["label"] === "string" ? { label: data["label"] } : {}),
    ...(needed === null ? {} : { needed: formatBytes(needed, "prose") }),
  };
}

function connectionMessage({ kind, invitation, session }: TrainStage, scene: Scene) {
  const { connection, work } = session;
  const isCut = connection.kind === "offline" || connection.kind === "reconnecting";
  // A page that was just opened or a server that blinks is no news.
  if (kind !== "training" || !isCut || scene.nowMs - connection.since < 3000) return [];
  const openMs = work === null ? 0 : work.closesAt - scene.nowMs;
  const { server } = runSlots(invitation);
  return [
    message("connection-lost", {
      facts: {
        server,
        ...(openMs > 0 ? { open: formatDuration(Math.round(openMs / 1000) * 1000) } : {}),
      },
    }),
  ];
}

function noticeMessages({ session }: TrainStage): readonly Message[] {
  return session.notices.map((notice) => {
    switch (notice.kind) {
      case "backend-lost":
        return message("gpu-lost", { facts: { step: formatCount(notice.step) } });
      case "clock-wrong":
        return message("clock-wrong", {
          facts: { span: formatDuration(Math.abs(notice.offsetMs)) },
        });
      case "state-lost":
        return message("state-lost");
    }
  });
}

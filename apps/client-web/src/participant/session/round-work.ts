/** The round at hand, step by step. */
import type { RoundWork } from "../session-report.ts";
import type { Happening } from "./happenings.ts";

type Of<Type extends Happening["type"]> = Extract<Happening, { readonly type: Type }>;

/** The work after one more happening; the same object where it changes nothing. */
export function workAfter(work: RoundWork | null, happening: Happening): RoundWork | null {
  switch (happening.type) {
    case "ordered":
      return orderedWork(happening);
    case "answered":
    case "called-off":
      return work?.round === happening.round ? null : work;
    case "ended":
      return null;
    case "link":
      return happening.link === "none" ? null : work;
    case "received":
    case "step":
    case "trained":
    case "sending":
    case "sent":
      return work?.round === happening.round ? progressed(work, happening) : work;
    default:
      return work;
  }
}

function orderedWork({ round, attempt, at, deadlineMs, addsNoise }: Of<"ordered">): RoundWork {
  return {
    ...{ round, attempt, phase: "receive", startedAt: at, closesAt: at + deadlineMs, addsNoise },
    receive: { bytes: 0, seconds: null },
    learn: { done: 0, total: 0, loss: null, startedAt: null, seconds: null, secondsLeft: null },
    send: { bytes: null, startedAt: null, seconds: null },
  };
}

type Progress = Of<"received" | "step" | "trained" | "sending" | "sent">;

function progressed(work: RoundWork, happening: Progress): RoundWork {
  const { at } = happening;
  const { receive, learn, send } = work;
  switch (happening.type) {
    case "received":
      return {
        ...work,
        receive: {
          bytes: receive.bytes + happening.bytes,
          seconds: (receive.seconds ?? 0) + happening.seconds,
        },
      };
    case "step": {
      const { done, total, loss } = happening;
      const startedAt = learn.startedAt ?? at;
      const passed = (at - startedAt) / 1000;
      const secondsLeft = done === 0 ? null : (passed / done) * (total - done);
      return {
        ...work,
        phase: "learn",
        learn: { done, total, loss: loss ?? learn.loss, startedAt, seconds: null, secondsLeft },
      };
    }
    case "trained": {
      const seconds = learn.startedAt === null ? null : (at - learn.startedAt) / 1000;
      return { ...work, phase: "protect", learn: { ...learn, seconds, secondsLeft: 0 } };
    }
    case "sending":
      return { ...work, phase: "send", send: { ...send, bytes: happening.bytes, startedAt: at } };
    case "sent": {
      const seconds = send.startedAt === null ? null : (at - send.startedAt) / 1000;
      return { ...work, phase: "confirm", send: { ...send, seconds } };
    }
  }
}
